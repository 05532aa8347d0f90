"""Procedures and diagnoses as the two sides of a graph: what is billed with what, how much, how often denied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Unpack

import numpy as np
import pandas as pd

from cpticd import stats
from cpticd.claims import Claims
from cpticd.cohort import Filters, lines
from cpticd.core.contract import CLOCKS, attach, said
from cpticd.core.errors import ArgumentError, CpticdError
from cpticd.core.frames import to_frame
from cpticd.patterns import inputs
from cpticd.patterns.association import association
from cpticd.patterns.inputs import Pointer

if TYPE_CHECKING:
    import networkx as nx

COLUMNS: Final = (
    "hcpcs_code", "diagnosis_code", "hcpcs_family", "diagnosis_family", "lines", "persons", "charge_amount",
    "procedure_share", "diagnosis_share", "adjudicated_lines", "denied_lines", "denial_rate", "low", "high",
    "denied_amount",
)  # fmt: skip
#: The two sides, and the columns of their codes and families.
SIDES: Final = {
    "procedure": ("hcpcs_code", "hcpcs_family"),
    "diagnosis": ("diagnosis_code", "diagnosis_family"),
}
#: What an association adds to an edge.
ASSOCIATED: Final = ("expected", "lift", "ebgm", "eb05", "eb95", "q_value")


def network(
    claims: Claims,
    *,
    pointer: Pointer = "all",
    min_lines: int = 10,
    min_persons: int = 1,
    associate: bool = False,
    stratify: Sequence[str] | str | None = ("payer", "place_of_service_code", "quarter"),
    **filters: Unpack[Filters],
) -> pd.DataFrame:
    """One row per edge of the graph: a procedure and a diagnosis that stand together on ``min_lines`` lines.

    Parameters
    ----------
    pointer: ``all`` diagnoses that a line points to, or its ``primary`` one alone.
    min_lines, min_persons: edges with fewer are left out, and counted in the contract; give ``min_persons=11`` for a
        graph that leaves your session (CMS cell-size policy).
    associate: add expected, lift, ebgm, eb05, eb95 and q_value of ``patterns.association`` within ``stratify``.
    filters: dates, payer, setting, place, claim_type, person_id (``cpticd.cohort.Filters``).

    Columns
    -------
    hcpcs_code, diagnosis_code, hcpcs_family, diagnosis_family; lines, persons; charge_amount, a line's dollars shared
    out over its diagnoses (1/k); procedure_share and diagnosis_share, the edge's part of the procedure's lines (of
    those with a diagnosis) and of the lines that point to the diagnosis; adjudicated_lines, denied_lines at first
    adjudication, denial_rate with its Wilson interval low, high; denied_amount shared out likewise.
    Denials count lines of claims that were replaced later too, since a first denial often stands on one; all else
    counts lines that stand. Most lines first. ``to_networkx`` makes a graph of it.
    Raises ArgumentError for arguments and filters that are unknown.
    """
    inputs.positive("min_lines", min_lines)
    inputs.positive("min_persons", min_persons)
    with lines(claims, filters, superseded=True) as cohort:
        pairs = inputs.pairs_of(cohort, pointer)
        found = to_frame(cohort.engine.fetch(_SQL.format(pairs=pairs)))
        found = inputs.with_codes(found, inputs.code_names(cohort))
        left_out = inputs.lines_left_out(cohort)
        told = cohort.contract
    enough = (found["lines"] >= min_lines) & (found["persons"] >= min_persons)
    small = int((~enough & (found["lines"] > 0)).sum())
    result = _measured(found[enough].reset_index(drop=True))
    more: dict[str, Any] = {}
    if associate:
        linked = association(claims, stratify=stratify, pointer=pointer, min_observed=1, **filters)
        codes = ["hcpcs_code", "diagnosis_code"]
        result = result.merge(linked[[*codes, *ASSOCIATED]], on=codes, how="left")
        facts = said(linked)
        more = {name: facts[name] for name in ("strata", "prior", "prior_method", "test", "family_size")}
    return attach(
        result,
        measure=f"bipartite graph of procedures and diagnoses ({pointer} pointers)",
        numerator="service lines of the procedure that point to the diagnosis; dollars by the diagnosis's share (1/k)",
        denominator="procedure_share: lines of the procedure; diagnosis_share: lines with the diagnosis; "
        "denial_rate: adjudicated lines of the edge",
        clock=inputs.SERVICE_CLOCK + "; denials: " + CLOCKS["initial"],
        exclusions=inputs.EXCLUSIONS
        + f" (denials count replaced ones); edges under {min_lines} lines or {min_persons} persons",
        rows_left_out=left_out,
        small_edges_left_out=small,
        nodes=int(result["hcpcs_code"].nunique() + result["diagnosis_code"].nunique()),
        **more,
        **told,
    )


_SQL: Final = """
    WITH stands AS (SELECT *, CASE WHEN is_superseded THEN 0 ELSE 1 END AS one FROM {pairs}),
    edges AS (
        SELECT procedure, diagnosis, sum(one) AS lines,
            count(DISTINCT CASE WHEN one = 1 AND known THEN person END) AS persons,
            sum(one * share * charge_amount) AS charge_amount,
            sum(CASE WHEN initial_outcome <> 'not adjudicated' THEN 1 ELSE 0 END) AS adjudicated_lines,
            sum(CASE WHEN initial_outcome = 'denied' THEN 1 ELSE 0 END) AS denied_lines,
            sum(CASE WHEN initial_outcome <> 'not adjudicated' THEN share * denied_amount ELSE 0 END) AS denied_amount
        FROM stands GROUP BY procedure, diagnosis
    ),
    procedures AS (SELECT procedure, count(*) AS n FROM stands WHERE one = 1 AND is_primary GROUP BY procedure),
    diagnosed AS (SELECT diagnosis, sum(one) AS n FROM stands GROUP BY diagnosis)
    SELECT e.*, p.n AS procedure_lines, d.n AS diagnosis_lines
    FROM edges e
    LEFT JOIN procedures p ON p.procedure = e.procedure
    LEFT JOIN diagnosed d ON d.diagnosis = e.diagnosis
    ORDER BY e.lines DESC, e.procedure, e.diagnosis
"""


def _measured(found: pd.DataFrame) -> pd.DataFrame:
    """Shares, rates and dollars of the edges."""
    whole = ["lines", "persons", "adjudicated_lines", "denied_lines"]
    found = inputs.with_families(found.astype(dict.fromkeys(whole, "int64")))
    n, k = found["adjudicated_lines"].to_numpy(float), found["denied_lines"].to_numpy(float)
    low, high = stats.wilson(k, n)
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
    )
    return found[list(COLUMNS)]


def to_networkx(edges: pd.DataFrame) -> nx.Graph:
    """One node per code and one edge per row of ``patterns.network``, as an undirected networkx graph.

    Nodes are named by side and code ("procedure 99213", "diagnosis I10": one text can be a code on both sides), with
    the attributes side, bipartite (0 procedures, 1 diagnoses), code, family and lines (of the edges). Edges have the
    other columns of the row as attributes, and ``weight``, its lines; missing numbers are absent. Plain Python values,
    so that the graph can be written as GraphML or GEXF.
    Needs the extra ``network``; raises CpticdError where networkx is not installed, ArgumentError for another frame.
    """
    absent = [name for name in COLUMNS if not isinstance(edges, pd.DataFrame) or name not in edges.columns]
    if absent:
        raise ArgumentError(
            f"to_networkx: no column {absent[0]!r}; give the DataFrame of patterns.network(claims)"
        )
    try:
        import networkx as nx
    except ImportError as error:
        raise CpticdError(
            f"to_networkx needs networkx ({error}); install it with: pip install 'cpticd[network]'"
        ) from error
    graph = nx.Graph()
    for place, (side, (code, family)) in enumerate(SIDES.items()):
        nodes = edges.groupby(code, sort=True).agg(family=(family, "first"), lines=("lines", "sum"))
        for name, node in nodes.to_dict("index").items():
            facts = {"code": str(name), "family": str(node["family"]), "lines": int(node["lines"])}
            graph.add_node(f"{side} {name}", side=side, bipartite=place, **facts)
    named = {column for columns in SIDES.values() for column in columns}
    measured = [name for name in edges.columns if name not in named]
    for row in edges.to_dict("records"):
        values = {name: _plain(row[name]) for name in measured if not pd.isna(row[name])}
        graph.add_edge(
            f"procedure {row['hcpcs_code']}",
            f"diagnosis {row['diagnosis_code']}",
            weight=int(row["lines"]),
            **values,
        )
    return graph


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
