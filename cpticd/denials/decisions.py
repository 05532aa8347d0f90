"""What every payer refuses, the second one too: decisions by the payer that made them."""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd

from cpticd import sql
from cpticd.claims import Claims
from cpticd.core.arguments import one_of
from cpticd.core.contract import attach, records_of
from cpticd.core.measure import Cells, Chart, measure
from cpticd.core.selection import By, Grouping, names
from cpticd.core.session import Session
from cpticd.denials import clustered, counted, divided, primary


def _facts(claims: Claims, frame: pd.DataFrame) -> pd.DataFrame:
    """One row per person, group and whether a decision denies."""
    arguments = records_of(frame)["arguments"]
    groups = claims.grouping(arguments["by"])
    with claims.session() as s:
        rows = _rows(s, groups, bool(arguments["duplicates"]))
        return s.frame(
            f"SELECT DISTINCT r.*, c.person_id FROM (SELECT DISTINCT {groups.columns} claim_id, hit = 1 AS denied "
            f"FROM {rows}) r LEFT JOIN claims c ON c.claim_id = r.claim_id"
        )


def _leaves(by: By = "payer", **_: Any) -> Cells:
    named = ("denied_decisions", "rate", "low", "high", "denied_amount", "top_category", *clustered.COLUMNS)
    return Cells(by=names(by), numerators={"denied": named}, facts=_facts)


def _chart(frame: pd.DataFrame) -> dict[str, Any]:
    groups = list(frame.columns[: list(frame.columns).index("decisions")]) or ["decisions"]
    return {
        "label": groups, "x": "rate", "low": "low", "high": "high", "title": "Decisions that deny",
        "beside": "{denied_decisions} of {decisions}", "axis": "Share of decisions, of first and second payers",
    }  # fmt: skip


@measure(
    heading="Decisions by payer",
    leaves=_leaves,
    chart=Chart("intervals", _chart),
)
def decisions(
    claims: Claims,
    by: By = "payer",
    *,
    unit: Literal["lines", "charge"] = "lines",
    duplicates: bool = True,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """One row per group: decisions, denied_decisions, rate, its interval, charge_amount, denied_amount, top_category, …

    A decision is one answer of one payer to one service line, first or later, of a first or a second payer; a reversal
    is none. The payer of ``by`` is the one that decided, and days of adjudication are those of the decision, where
    :func:`rates` has a service once, under the payer that decided first. A line that two payers refuse is in both.

    Parameters: ``by``, dimensions (``claims.dimensions()``), such as ``("payer", "denial_category")`` for causes by the
    payer that decided; ``unit``, what rate, low and high are of: ``lines``, decisions that deny the whole line, or
    ``charge``, US dollars charged that decisions deny, of whole lines; ``duplicates``, whether lines denied as
    duplicates count; ``confidence``, of the interval low, high: Wilson's of effective decisions, of dollars a
    linearised one. top_category is the root cause of the most denials; design_effect and effective_lines (decisions
    over it): as in :func:`rates`.

    >>> import cpticd as cx
    >>> found = cx.denials.decisions(cx.simulate(persons=200, seed=1, stories=True).claims)
    >>> "Hazel Supplement" in set(found["payer"])
    True
    """
    one_of("unit", unit, ("lines", "charge"))
    groups = claims.grouping(by)
    with claims.session() as s:
        rows = _rows(s, groups, duplicates)
        partition = f"PARTITION BY {', '.join(groups.names)}" if groups.names else ""
        causes = s.frame(
            sql.text("denials/decision_causes"), rows=rows, columns=groups.columns, partition=partition
        )
        found = counted.interval(s, rows, groups, dollars=unit == "charge", confidence=confidence)
        reported = s.value("SELECT count(*) AS n FROM ledger WHERE is_reported")
    found = _with_causes(found, causes, groups.names)
    named = {"n": "decisions", "hits": "denied_decisions", "whole": "charge_amount", "part": "denied_amount"}
    order = [
        "decisions", "denied_decisions", "rate", "low", "high", "charge_amount", "denied_amount", "top_category",
        *clustered.COLUMNS,
    ]  # fmt: skip
    return attach(
        counted.ordered(found.rename(columns=named)[[*groups.names, *order]], groups, "rate", "decisions"),
        measure="decisions that deny" + (", by dollars" if unit == "charge" else ""),
        numerator="decisions of any payer that deny the whole line",
        denominator="decisions of any payer on a line, first or later",
        clock="every decision that is no reversal, on the day of its remittance",
        exclusions="pended, returned, forwarded and predetermined; what only another payer's claim reports",
        rows_left_out=int(reported),
        interval=counted.words(unit, confidence),
        **counted.duplicate_terms(duplicates),
        **divided.terms(groups, "lines") | {"payer": "the one that decided, first or second"},
    )


def _rows(s: Session, groups: Grouping, duplicates: bool) -> str:
    """A relation of decisions on lines by group."""
    primary.payer_decisions(s, duplicates)
    return s.create(
        "counted_rows", sql.text("denials/decisions"), select=groups.select, joins=groups.joins,
        columns=groups.columns, part=primary.part_of(groups),
    )  # fmt: skip


def _with_causes(found: pd.DataFrame, causes: pd.DataFrame, groups: list[str]) -> pd.DataFrame:
    """Each group with its root cause of the most denials, missing where nothing is denied."""
    if groups:
        return found.merge(causes, on=groups, how="left")
    return found.assign(top_category=causes["top_category"].iloc[0] if len(causes) else None)
