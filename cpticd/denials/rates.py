"""How often, and for what: denial rates and root causes."""

from __future__ import annotations

from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from cpticd import sql
from cpticd.claims import Claims
from cpticd.core.contract import CLOCKS, attach
from cpticd.core.errors import ArgumentError
from cpticd.core.maturity import MATURITY_DAYS, mature, young
from cpticd.core.measure import Cells, Part, measure
from cpticd.core.outcomes import decided
from cpticd.core.selection import By, names
from cpticd.core.session import Session
from cpticd.denials import cause_shares, clustered, counted, divided
from cpticd.stats.clustered import sums

Unit = Literal["lines", "claims", "charge"]
Decision = Literal["initial", "final"]

_UNITS: Final = {"lines": "service lines", "claims": "claims", "charge": "charged US dollars"}
_NUMERATORS: Final = {
    "lines": "lines denied: nothing allowed, and a denial CARC takes the charge",
    "claims": "claims denied: all adjudicated lines are, or the claim status is 4",
    "charge": "dollars that denial CARCs took from lines denied as a whole or in part",
}
_FLAGS: Final = ("coding_related", "diagnosis_related", "preventable")


def _rates_leave(
    by: By = None, unit: Unit = "lines", decision: Decision = "initial", duplicates: bool = True, **_: Any
) -> Cells:
    of = ("claim_" if unit == "claims" else "") + ("finally_" if decision == "final" else "")
    rate = ("rate", "low", "high", *clustered.COLUMNS)
    dollars = ("denied_amount", *(rate if unit == "charge" else ()))
    counts = ("denied", *(() if unit == "charge" else rate))
    return Cells(
        by=names(by),
        where=(
            f"{of}adjudicated",
            *(("mature",) if decision == "final" else ()),
            *(() if duplicates else (f"!{'claim_' if unit == 'claims' else ''}duplicate",)),
        ),
        numerators={
            f"{of}denied": (*counts, *dollars),
            f"{of}partly_denied": ("partly_denied", *(dollars if unit == "charge" else ())),
        },
    )


@measure(
    heading="Denial rate",
    leaves=_rates_leave,
    chart="rates",
    report=[
        Part("lines", "rates", "Denial rate of service lines"),
        Part("claims", "rates", "Denial rate of claims", lambda given: {"unit": "claims"}),
        Part("charge", "rates", "Denial rate of charge dollars", lambda given: {"unit": "charge"}),
        Part("final", "rates", "Final denial rate", lambda given: {"decision": "final"}),
        Part("payers", "rates", "Denial rate by payer", lambda given: {"by": "payer"}),
        Part(
            "payer_procedures",
            "drivers",
            "Denial rate by payer and procedure",
            lambda given: {"by": ["payer", "hcpcs_code"]},
        ),
    ],
)
def rates(
    claims: Claims,
    by: By = None,
    *,
    unit: Unit = "lines",
    decision: Decision = "initial",
    duplicates: bool = True,
    maturity_days: int = MATURITY_DAYS,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """One row per group: n, denied, partly_denied, rate, low, high, denied_amount, design_effect, effective_lines.

    Parameters
    ----------
    by: dimension or dimensions to group by, see ``claims.dimensions()``. A claim stands in the group of each of its
        lines, a line in the group of each diagnosis that it points to, with its dollars shared out over them.
    unit: what is counted. ``lines`` and ``claims``: n adjudicated, of which denied; a partly denied one
        is not denied. ``charge``: n is dollars charged, denied and partly_denied are the dollars denied of
        lines denied as a whole and in part, and the rate is both over n.
    decision: ``initial`` (first adjudication) or ``final`` (latest adjudication, of lines whose first is at
        least ``maturity_days`` before the last adjudication in the data set; younger ones would look clean).
    duplicates: whether lines (claims) denied at first as duplicates count, as denials and in the denominator; HFMA
        leaves them out.
    confidence: of the interval; Wilson's of effective lines (claims) for counts, a linearised one for dollars.

    design_effect says how many times the variance of the rate is that of as many independent lines (claims), since
    those of one claim, or of one person, are decided alike: the larger of the two, at least 1 (Kish 1965; Rao and
    Scott 1992); effective_lines is their number over it. denied_amount is US dollars.
    Definitions: HFMA's line-level initial denial rate; a line is denied where nothing is allowed and a denial CARC
    takes its charge. Raises ArgumentError for a dimension that is not there.

    >>> import cpticd as cx
    >>> claims = cx.simulate(persons=100, seed=1).claims
    >>> cx.denials.rates(claims, by=["payer_kind", "setting"]).columns[:4].tolist()
    ['payer_kind', 'setting', 'n', 'denied']
    """
    if unit not in _UNITS or decision not in CLOCKS:
        raise ArgumentError(
            f"unit={unit!r}, decision={decision!r}: expected lines, claims or charge; initial or final"
        )
    groups = claims.grouping(by)
    with claims.session() as s:
        pieces = divided.claims(s, groups) if unit == "claims" else divided.lines(s, groups)
        mature, left_out = _maturity(s, pieces.relation, decision, maturity_days)
        rows = s.create(
            "rated_rows", sql.text("denials/rates"), lazy=True, unit=unit, decision=decision,
            amount="denied_amount" if decision == "initial" else "final_denied_amount",
            mature=f"{mature} AND {counted.kept(duplicates)}",
            source=pieces.relation, select=pieces.select, joins=pieces.joins,
        )  # fmt: skip
        found = sums(s, rows, groups.columns, "partly_denied", "partly_amount")
    result = counted.ordered(_shaped(found, groups.names, unit, confidence), groups)
    return attach(
        result,
        measure=f"{decision} denial rate by {_UNITS[unit]}",
        numerator=_NUMERATORS[unit],
        denominator=f"{_UNITS[unit]} adjudicated",
        clock=CLOCKS[decision],
        exclusions="not adjudicated"
        + (f"; first adjudicated within {maturity_days} days" if left_out else ""),
        rows_left_out=left_out,
        interval=clustered.words(confidence, dollars=unit == "charge"),
        **counted.duplicate_terms(duplicates),
        **divided.terms(groups, unit),
    )


def _maturity(s: Session, relation: str, decision: Decision, days: int) -> tuple[str, int]:
    """SQL that keeps rows old enough for their final decision, and the number of rows that it leaves out."""
    if decision == "initial":
        return "TRUE", 0
    left_out = s.value(
        f"SELECT count(*) AS n FROM {relation} o WHERE {decided('o.final_outcome')} AND {young(days)}"
    )
    return mature(days), int(left_out)


def _shaped(found: pd.DataFrame, wanted: list[str], unit: Unit, confidence: float) -> pd.DataFrame:
    """The columns of a result, of dollars or of numbers."""
    dollars = unit == "charge"
    made = clustered.rate(found, dollars=dollars, confidence=confidence)
    amount, partly = found["part"], found["partly_amount"]
    counts: dict[str, Any] = {
        "n": found["whole"].round(2) if dollars else found["n"].astype("int64"),
        "denied": (amount - partly).round(2) if dollars else found["hits"].astype("int64"),
        "partly_denied": partly.round(2) if dollars else found["partly_denied"].astype("int64"),
    }
    rates = clustered.columns_of(made, found["n"])
    last = {name: rates.pop(name) for name in clustered.COLUMNS}
    return found[wanted].assign(**counts, **rates, denied_amount=amount.round(2), **last)


def _causes_leave(by: By = None, duplicates: bool = True, **_: Any) -> Cells:
    return Cells(
        by=(*names(by), "category"),
        where=("any_denied", *(() if duplicates else ("!duplicate",))),
        numerators={"denied": ("lines",), "partly_denied": ("partly_denied_lines",)},
        shares=dict.fromkeys(("share", *cause_shares.COLUMNS), names(by)),
        mixed="cumulative_share",
        labels=_FLAGS,
    )


@measure(
    heading="Root causes",
    leaves=_causes_leave,
    chart="causes",
    report=[Part("causes", "causes", "Root causes")],
)
def causes(
    claims: Claims, by: By = None, *, duplicates: bool = True, confidence: float = 0.95
) -> pd.DataFrame:
    """One row per group and root-cause category of initial denials, the largest first.

    Columns: the dimensions of ``by``, category, lines (denied), partly_denied_lines, denied_amount (US
    dollars, of denied and partly denied lines), share and cumulative_share of the group's denied_amount
    (of its lines where no dollars are known), coding_related, diagnosis_related, preventable; share_low and share_high,
    the interval of the share (``confidence``), linearised; design_effect, by how much its variance is larger than that
    of independent lines, since lines of a claim or of a person are denied for one cause, and effective_lines, the
    group's denied and partly denied lines over it.

    A line's category is that of its largest denial adjustment, corrected by its remark codes; a CARC that
    the table does not list is ``other``, a denial without a CARC ``no reason given``. The tables
    ``carc_categories`` and ``carc_rarc_overrides`` decide; ``claims.with_references`` replaces them. ``duplicates``:
    whether lines denied as a whole as duplicates count, which HFMA leaves out.

    >>> import cpticd as cx
    >>> causes = cx.denials.causes(cx.simulate(persons=100, seed=1).claims)
    >>> bool(abs(causes["share"].sum() - 1) < 1e-9)
    True
    """
    groups = claims.grouping(by)
    with claims.session() as s:
        pieces = divided.lines(s, groups)
        rows = s.create(
            "cause_rows", sql.text("denials/cause_rows"), kept=counted.kept(duplicates),
            source=pieces.relation, select=pieces.select, joins=pieces.joins,
        )  # fmt: skip
        found = s.frame(sql.text("denials/causes"), rows=rows, columns=groups.columns)
        of = "denied_amount" if found["denied_amount"].sum() > 0 else "CAST(is_denied AS DOUBLE)"
        shares = cause_shares.intervals(s, rows, groups.columns, of, confidence)
        flags = _category_flags(s)
    found["denied_amount"] = found["denied_amount"].round(2)
    wanted = groups.names
    order = [*wanted, "denied_amount", "lines", "category"]
    found = found.sort_values(order, ascending=[*[True] * len(wanted), False, False, True], ignore_index=True)
    weight = found["denied_amount"] if found["denied_amount"].sum() > 0 else found["lines"].astype(float)
    keys = [found[name] for name in wanted] or [pd.Series(0, index=found.index)]
    total = weight.groupby(keys, sort=False, dropna=False).transform("sum")
    found["share"] = weight / total.replace(0, np.nan)
    found["cumulative_share"] = found["share"].groupby(keys, sort=False, dropna=False).cumsum()
    found = found.merge(flags, on="category", how="left").merge(shares, on=[*wanted, "category"], how="left")
    for column in _FLAGS:
        found[column] = found[column].fillna("unknown")
    return attach(
        found,
        measure="initial denials by root cause",
        numerator="denied lines, and dollars that denial CARCs took, by category of the largest denial CARC",
        denominator="all denied lines and dollars of the group",
        clock=CLOCKS["initial"],
        exclusions="lines paid in full or not adjudicated",
        interval=clustered.words(confidence, dollars=True) + ", of share",
        **counted.duplicate_terms(duplicates),
        categories="table carc_categories, by the CAQH CORE 360 business scenarios; flags are a judgement",
        **divided.terms(groups, "lines"),
    )


def _category_flags(s: Session) -> pd.DataFrame:
    """One row per category: its flags, ``partly`` where its CARCs differ."""
    merged = ", ".join(
        f"CASE WHEN min({f}) = max({f}) THEN min({f}) ELSE 'partly' END AS {f}" for f in _FLAGS
    )
    return s.frame(f"SELECT category, {merged} FROM carc_categories WHERE is_denial GROUP BY category")
