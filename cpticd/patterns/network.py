"""Procedures and diagnoses as the two sides of a graph: what is billed with what, how much, how often denied."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from cpticd import sql, stats
from cpticd.claims import Claims
from cpticd.core.arguments import whole
from cpticd.core.contract import CLOCKS, attach, terms_of
from cpticd.core.measure import Cells, measure
from cpticd.core.selection import By, Grouping
from cpticd.patterns import code_pairs, recurring
from cpticd.patterns.association import association
from cpticd.patterns.code_pairs import Pointer

COLUMNS: Final = (
    "hcpcs_code", "diagnosis_code", "hcpcs_family", "diagnosis_family", "lines", "persons", "charge_amount",
    "procedure_share", "diagnosis_share", "adjudicated_lines", "denied_lines", "denial_rate", "low", "high",
    "denied_amount", "design_effect", "effective_lines",
)  # fmt: skip
#: What an association adds to an edge.
ASSOCIATED: Final = ("expected", "lift", "ebgm", "eb05", "eb95", "q_value")


def _leaves(pointer: Pointer = "all", **_: Any) -> Cells:
    numerators = {
        "stands": ("lines", "persons", "charge_amount"),
        "adjudicated": ("adjudicated_lines",),
        "denied": (
            "denied_lines",
            "denial_rate",
            "low",
            "high",
            "denied_amount",
            "design_effect",
            "effective_lines",
        ),
    }
    # What is withheld compares an edge with others, of which some may be of few persons.
    withheld = ("procedure_share", "diagnosis_share", *ASSOCIATED)
    return code_pairs.cells(pointer, withheld, superseded=True, numerators=numerators)


@measure(heading="Graph of procedures and diagnoses", leaves=_leaves, chart="network")
def network(
    claims: Claims,
    *,
    pointer: Pointer = "all",
    min_lines: int = 10,
    min_persons: int = 1,
    associate: bool = False,
    stratify: By = ("payer", "place", "quarter"),
) -> pd.DataFrame:
    """One row per edge of the graph: a procedure and a diagnosis that stand together on ``min_lines`` lines.

    Parameters
    ----------
    pointer: ``all`` diagnoses that a line points to, or its ``primary`` one alone.
    min_lines, min_persons: edges with fewer are left out, and counted in the contract.
    associate: add expected, lift, ebgm, eb05, eb95 and q_value of ``patterns.association`` within ``stratify``.

    Columns
    -------
    hcpcs_code, diagnosis_code, hcpcs_family, diagnosis_family; lines, persons; charge_amount, US dollars, a line's
    shared out over its diagnoses (1/k); procedure_share and diagnosis_share, the edge's part of the procedure's lines
    (of those with a diagnosis) and of the lines that point to the diagnosis; adjudicated_lines, denied_lines at first
    adjudication, denial_rate with its interval low, high (Wilson's of effective lines); denied_amount shared out
    likewise; design_effect (of claims or persons, the larger) and effective_lines, adjudicated_lines over it.

    Denials count lines of claims that were replaced later too, since a first denial often stands on one; all else
    counts lines that stand. Most lines first. ``cx.patterns.graph.to_networkx`` makes a graph of it.
    Raises ArgumentError for arguments that are not known.

    >>> import cpticd as cx
    >>> edges = cx.patterns.network(cx.simulate(persons=100, seed=1).claims, min_persons=5)
    >>> bool((edges["persons"] >= 5).all() and edges["procedure_share"].between(0, 1).all())
    True
    """
    whole("min_lines", min_lines)
    whole("min_persons", min_persons)
    with claims.session() as s:
        terms = code_pairs.pairs_of(s, Grouping(()), pointer, superseded=True)
        found = code_pairs.with_codes(s, s.frame(sql.text("patterns/network")))
        left_out = code_pairs.lines_left_out(s)
    enough = (found["lines"] >= min_lines) & (found["persons"] >= min_persons)
    small = int((~enough & (found["lines"] > 0)).sum())
    result = _measured(found[enough].reset_index(drop=True))
    more: dict[str, Any] = {}
    if associate:
        linked = association(claims, stratify=stratify, pointer=pointer, min_observed=1)
        codes = ["hcpcs_code", "diagnosis_code"]
        result = result.merge(linked[[*codes, *ASSOCIATED]], on=codes, how="left")
        facts = terms_of(linked)
        more = {name: facts[name] for name in ("strata", "prior", "prior_method", "test", "family_size")}
    return attach(
        result,
        measure=f"bipartite graph of procedures and diagnoses ({pointer} pointers)",
        numerator="service lines of the procedure that point to the diagnosis; dollars by the diagnosis's share (1/k)",
        denominator="procedure_share: lines of the procedure; diagnosis_share: lines with the diagnosis; "
        "denial_rate: adjudicated lines of the edge",
        clock=code_pairs.SERVICE_CLOCK + "; denials: " + CLOCKS["initial"],
        exclusions=code_pairs.EXCLUSIONS
        + f" (denials count replaced ones); edges under {min_lines} lines or {min_persons} persons",
        rows_left_out=left_out,
        small_edges_left_out=small,
        interval=recurring.WORDS,
        nodes=int(result["hcpcs_code"].nunique() + result["diagnosis_code"].nunique()),
        **more,
        **terms,
    )


def _measured(found: pd.DataFrame) -> pd.DataFrame:
    """Shares, rates and dollars of the edges."""
    whole = ["lines", "persons", "adjudicated_lines", "denied_lines"]
    found = code_pairs.with_families(found.astype(dict.fromkeys(whole, "int64")))
    n, k = found["adjudicated_lines"].to_numpy(float), found["denied_lines"].to_numpy(float)
    made = recurring.dependence(found, k, n)
    low, high = stats.wilson(k, n, design_effect=made.design_effect, freedom=made.freedom)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(n > 0, k / n, np.nan)
    found = found.assign(
        charge_amount=found["charge_amount"].astype(float).round(6).round(2),
        denied_amount=found["denied_amount"].astype(float).round(6).round(2),
        procedure_share=found["lines"] / found["procedure_lines"].astype(float),
        diagnosis_share=found["lines"] / found["diagnosis_lines"].astype(float),
        denial_rate=rate,
        low=low,
        high=high,
        design_effect=made.design_effect,
        effective_lines=n / made.design_effect,
    )
    return found[list(COLUMNS)]
