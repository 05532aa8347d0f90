"""How often primary payers pay nothing: their decisions, as remittances bring them."""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd

from cpticd import sql
from cpticd.claims import Claims
from cpticd.core.arguments import one_of
from cpticd.core.contract import attach, records_of
from cpticd.core.measure import Cells, measure
from cpticd.core.selection import By, Grouping, names
from cpticd.core.session import Session
from cpticd.denials import clustered, counted, divided


def primary_facts(claims: Claims, frame: pd.DataFrame) -> pd.DataFrame:
    """One row per person, group and kind of decision."""
    arguments = records_of(frame)["arguments"]
    groups = claims.grouping(arguments["by"])
    with claims.session() as s:
        rows = _rows(s, groups, bool(arguments["duplicates"]))
        return s.frame(
            f"SELECT DISTINCT r.*, c.person_id FROM (SELECT DISTINCT {groups.columns} claim_id, hit = 1 AS zero_paid "
            f"FROM {rows}) r LEFT JOIN claims c ON c.claim_id = r.claim_id"
        )


def _leaves(by: By = None, **_: Any) -> Cells:
    named = ("zero_paid_decisions", "rate", "low", "high", "zero_paid_amount", *clustered.COLUMNS)
    return Cells(by=names(by), numerators={"zero_paid": named}, facts=primary_facts)


@measure(
    heading="Primary denial rate",
    leaves=_leaves,
)
def primary(
    claims: Claims,
    by: By = None,
    *,
    unit: Literal["claims", "charge"] = "claims",
    duplicates: bool = False,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """One row per group: decisions, zero_paid_decisions, rate, its interval, charge_amount, zero_paid_amount, …

    A decision is one answer of a primary payer to a claim, first or later; a reversal is none. It is zero-paid where it
    denies every line, or pays nothing on any and leaves the patient no share (a deductible is no denial). The payer of
    ``by`` is the one that decided, and days of adjudication are those of the decision.

    Parameters: ``by``, dimensions (``claims.dimensions()``); ``unit``, what rate, low and high are of: ``claims``, the
    decisions, or ``charge``, US dollars charged; ``duplicates``, whether lines denied as duplicates count;
    ``confidence``, of the interval low, high: Wilson's of effective decisions, of dollars a linearised one.
    design_effect and effective_lines (decisions over it): as in :func:`rates`. Definition: HFMA's primary denial
    rate, zero-paid decisions of primary payers ÷ all decisions of primary payers, duplicates left out.

    >>> import cpticd as cx
    >>> found = cx.denials.primary(cx.simulate(persons=200, seed=1).claims)
    >>> bool((found["zero_paid_decisions"] <= found["decisions"]).all())
    True
    """
    one_of("unit", unit, ("claims", "charge"))
    groups = claims.grouping(by)
    with claims.session() as s:
        rows = _rows(s, groups, duplicates)
        found = counted.interval(s, rows, groups, dollars=unit == "charge", confidence=confidence)
        reported = s.value(
            "SELECT count(*) AS n FROM (SELECT DISTINCT claim_id, adjudication_number FROM ledger WHERE is_reported)"
        )
    named = {
        "n": "decisions",
        "hits": "zero_paid_decisions",
        "whole": "charge_amount",
        "part": "zero_paid_amount",
    }
    order = ["decisions", "zero_paid_decisions", "rate", "low", "high", "charge_amount", "zero_paid_amount"]
    order += clustered.COLUMNS
    return attach(
        counted.ordered(found.rename(columns=named)[[*groups.names, *order]], groups, "rate", "decisions"),
        measure="primary denial rate" + (", by dollars" if unit == "charge" else ""),
        numerator="decisions of primary payers that pay nothing on any line and leave the patient no share",
        denominator="decisions of primary payers",
        clock="every decision that is no reversal, on the day of its remittance",
        exclusions="pended, returned, forwarded and predetermined; what only another payer's claim reports",
        rows_left_out=int(reported),
        interval=counted.words("charge" if unit == "charge" else "claims", confidence),
        **counted.duplicate_terms(duplicates),
        **divided.terms(groups, "claims") | {"payer": "the one that decided"},
    )


def _rows(s: Session, groups: Grouping, duplicates: bool) -> str:
    """A relation of decisions by group."""
    payer_decisions(s, duplicates, turn="g.payer_sequence = 1")
    return s.create(
        "counted_rows", sql.text("denials/primary"), select=groups.select, joins=groups.joins, columns=groups.columns,
        plain="".join(f"{each.sql}, " for each in groups.dimensions), part=part_of(groups),
    )  # fmt: skip


def payer_decisions(s: Session, duplicates: bool, *, turn: str = "TRUE") -> str:
    """A relation of lines of payers' decisions in the place of service lines; ``turn``: SQL of which over ``g``."""
    text = sql.text("denials/payer_decisions")
    return s.create("payer_decisions", text, duplicates="TRUE" if duplicates else "FALSE", turn=turn)


def part_of(groups: Grouping) -> str:
    """SQL of the part of a line's dollars that counts in a group: shared out over diagnoses."""
    return "coalesce(p.share, 1)" if groups.level == "diagnosis" else "1"
