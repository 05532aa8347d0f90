"""The rows of the standard measures, each made of the measure that has it, and the persons behind each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from cpticd.claims import Claims
from cpticd.core.contract import records_of
from cpticd.core.maturity import mature
from cpticd.core.measure import Cells
from cpticd.core.outcomes import decided
from cpticd.core.selection import Grouping
from cpticd.denials import clustered, counted, divided, open_denials
from cpticd.denials.first_pass import first_pass
from cpticd.denials.overturned import overturned
from cpticd.denials.primary import primary, primary_facts
from cpticd.denials.resolution import STEPS, median, resolution
from cpticd.denials.write_off import write_off

#: SQL over ``o``, services and claims: what was submitted, once, and is no void.
SENT: Final = "o.initial_outcome NOT IN ('void', 'counted elsewhere')"
_UNITS: Final[tuple[Literal["claims", "charge"], ...]] = ("claims", "charge")
_RATES: Final = ("value", "low", "high", *clustered.COLUMNS)


def parts(claims: Claims, by: Sequence[str], options: Mapping[str, Any]) -> list[pd.DataFrame]:
    """The rows of each measure: groups, measure, unit, value, low, high, numerator, denominator, n, maturity."""
    groups = claims.grouping(by)
    duplicates, confidence = options["duplicates"], options["confidence"]
    usual = {"duplicates": duplicates, "confidence": confidence}
    aged = usual | {"maturity_days": options["maturity_days"]}
    ages = _ages(claims, groups, duplicates, options["maturity_days"])
    found = _initial(claims, groups, usual)
    for unit in _UNITS:
        frame = primary(claims, by, unit=unit, **usual)
        columns = ("decisions", "zero_paid_decisions", "charge_amount", "zero_paid_amount")
        found.append(_rows(frame, groups, "primary denial rate", unit, columns).assign(maturity=1.0))
    frame = write_off(claims, by, npsr=options["npsr"], folder=options["folder"], **aged)
    columns = ("lines", "denied_lines", "revenue_amount", "written_off_amount")
    found.append(_with(_rows(frame, groups, "denial write-off", "allowed", columns), ages, "settled", groups))
    found += _days(claims, by, groups, usual, ages)
    found += _overturned(claims, by, groups, aged, ages)
    for unit in _UNITS:
        frame = first_pass(claims, by, unit=unit, **usual)
        columns = ("claims", "resolved_claims", "charge_amount", "resolved_amount")
        rows = _rows(frame, groups, "first-pass resolution", unit, columns)
        found.append(_with(rows, found[0], "maturity", groups))
    return [*found, *_open(claims, groups, options)]


def _rows(
    frame: pd.DataFrame, groups: Grouping, name: str, unit: str, columns: tuple[str, str, str, str]
) -> pd.DataFrame:
    """A frame with rate, low and high as rows of a measure; ``columns``: n, hits, and their dollars."""
    n, hits, whole, part = columns
    dollars = unit not in ("claims", "lines")
    rows = frame.rename(columns={"rate": "value"})
    return rows[groups.names].assign(
        measure=name, unit=unit, **{each: rows[each].to_numpy(float) for each in _RATES},
        numerator=rows[part if dollars else hits].to_numpy(float),
        denominator=rows[whole if dollars else n].to_numpy(float), n=rows[n].to_numpy(float),
    )  # fmt: skip


def _with(rows: pd.DataFrame, ages: pd.DataFrame, column: str, groups: Grouping) -> pd.DataFrame:
    """Rows with their maturity from another frame of the same groups."""
    rows = rows.drop(columns="maturity", errors="ignore")
    if not groups.names:
        return rows.assign(maturity=float(ages[column].iloc[0]) if len(ages) else np.nan)
    named = ages[[*groups.names, column]].rename(columns={column: "maturity"})
    return rows.merge(named, on=groups.names, how="left")


def _initial(claims: Claims, groups: Grouping, usual: Mapping[str, Any]) -> list[pd.DataFrame]:
    """Claims, and charges, denied at first of those submitted; mature is what is decided."""
    found = []
    is_decided = decided("o.initial_outcome")
    for unit, hit, part in (
        ("claims", "o.initial_outcome = 'denied'", "o.charge_amount"),
        ("charge", "o.initial_outcome IN ('denied', 'partly denied')", "o.denied_amount"),
    ):
        sent = f"{SENT} AND " + (
            "coalesce(r.returned < r.n, FALSE)" if unit == "claims" else "o.state <> 'returned'"
        )
        with claims.session() as s:
            options = {"unit": unit, "of": sent, "whole": "o.charge_amount", **usual}
            frame = counted.share(s, groups, hit=hit, part=part, **options)
            done = counted.share(s, groups, hit=is_decided, part="o.charge_amount", **options)
        columns = ("n", "hits", "whole", "part")
        rows = _rows(frame, groups, "initial denial rate", unit, columns)
        found.append(_with(rows, done.rename(columns={"rate": "decided"}), "decided", groups))
    return found


def _ages(claims: Claims, groups: Grouping, duplicates: bool, days: int) -> pd.DataFrame:
    """One row per group: the shares of decided services, and of those denied at first, that are old enough."""
    with claims.session() as s:
        pieces = divided.services(s, groups)
        of = {
            "settled": decided("o.final_outcome"),
            "denied": "o.initial_outcome = 'denied'",
            "again": "o.initial_outcome = 'denied' AND o.days_to_resubmission IS NOT NULL",
        }
        shares = ", ".join(
            f"CAST(count(CASE WHEN {each} AND {mature(days)} THEN 1 END) AS DOUBLE) "
            f"/ nullif(count(CASE WHEN {each} THEN 1 END), 0) AS share_{name}"
            for name, each in of.items()
        )
        found = s.frame(
            f"SELECT {pieces.select} {shares} FROM {pieces.relation} o {pieces.joins} "
            f"WHERE {counted.kept(duplicates)} {pieces.group}"
        )
    return found.rename(columns={f"share_{name}": name for name in of})


def _days(
    claims: Claims, by: Sequence[str], groups: Grouping, usual: Mapping[str, Any], ages: pd.DataFrame
) -> list[pd.DataFrame]:
    """Medians of the two curves of each group."""
    curves = resolution(claims, by, **usual)
    found = []
    for key, curve in curves.groupby([*groups.names, "step"], sort=False, dropna=False):
        value, low, high = median(curve)
        row = dict(zip(groups.names, key[:-1], strict=True))
        n = float(curve["at_risk"].max())
        row |= {
            "measure": f"days from denial to {key[-1]}",
            "unit": "days",
            "value": value,
            "low": low,
            "high": high,
        }
        found.append(row | {"numerator": float(curve["done"].sum()), "denominator": n, "n": n})
    if not found:
        return []
    rows = pd.DataFrame(found)
    return [_with(rows, ages, "denied", groups)]


def _overturned(
    claims: Claims, by: Sequence[str], groups: Grouping, aged: Mapping[str, Any], ages: pd.DataFrame
) -> list[pd.DataFrame]:
    found = []
    columns = ("denied_lines", "overturned_lines", "denied_amount", "overturned_amount")
    units: tuple[Literal["lines", "charge"], ...] = ("lines", "charge")
    for unit in units:
        frame = overturned(claims, by, unit=unit, **aged)
        found.append(_with(_rows(frame, groups, "overturned", unit, columns), ages, "denied", groups))
    again = ["rate", "low", "high", *clustered.COLUMNS]
    frame = frame.drop(columns=again).rename(columns={f"resubmitted_{name}": name for name in again})
    named = ("resubmitted_lines", "resubmitted_overturned_lines", "", "")
    rows = _rows(frame, groups, "overturned of resubmitted", "lines", named)
    return [*found, _with(rows, ages, "again", groups)]


def _open(claims: Claims, groups: Grouping, options: Mapping[str, Any]) -> list[pd.DataFrame]:
    """Open denials of each group: services, and what payers would allow for them."""
    day = open_denials.day_or_last(claims, options["as_of"])
    given = {name: options[name] for name in ("duplicates", "folder", "maturity_days")}
    with claims.session() as s:
        s.load("listed", open_denials.priced(claims, day, **given))
        pieces = divided.services(s, groups)
        part = "o.part" if groups.level == "diagnosis" else "1"
        found = s.frame(
            f"SELECT {pieces.select} count(*) AS n, sum(coalesce(x.expected_allowed, 0) * {part}) AS amount "
            f"FROM {pieces.relation} o {pieces.joins} JOIN listed x ON x.claim_id = o.claim_id "
            f"AND x.claim_line_number = o.claim_line_number {pieces.group}"
        )
    nothing: dict[str, Any] = {
        "low": np.nan,
        "high": np.nan,
        "denominator": np.nan,
        "n": found["n"].to_numpy(float),
    }
    rows = found[groups.names].assign(measure="open denials", **nothing, maturity=1.0)
    amounts = {
        "lines": found["n"].to_numpy(float),
        "allowed": found["amount"].fillna(0).to_numpy(float).round(2),
    }
    return [rows.assign(unit=unit, value=value, numerator=value) for unit, value in amounts.items()]


# -- who stands behind each row ---------------------------------------------------------------------


def arguments(frame: pd.DataFrame) -> dict[str, Any]:
    """The arguments of a result."""
    return dict(records_of(frame).get("arguments", {}))


def cells(name: str, unit: str, groups: Sequence[str], given: Mapping[str, Any]) -> Cells | None:
    """The persons of one measure: of whom it speaks, and whom its numerator counts; None: no release protects it."""
    of_claims = unit == "claims" or name == "first-pass resolution"
    duplicate = "!claim_duplicate" if of_claims else "!duplicate"
    but = () if given.get("duplicates") else (duplicate,)
    shown = ("reading", "value", "low", "high", "numerator", *clustered.COLUMNS)
    if name == "primary denial rate":
        return Cells(by=groups, numerators={"zero_paid": shown}, facts=primary_facts)
    if name == "open denials" or (name.startswith("days from denial") and groups):
        return None
    known: dict[str, tuple[tuple[str, ...], str]] = {
        "initial denial rate": (
            ("claim_submitted",) if unit == "claims" else ("submitted",),
            "claim_denied" if unit == "claims" else "any_denied",
        ),
        "denial write-off": (("finally_adjudicated", "mature"), "finally_denied"),
        f"days from denial to {STEPS[0]}": (("denied",), "resubmitted"),
        f"days from denial to {STEPS[1]}": (("denied",), "finally_adjudicated&!finally_denied"),
        "overturned": (("denied", "mature"), "finally_adjudicated&!finally_denied"),
        "overturned of resubmitted": (
            ("denied", "mature", "resubmitted"),
            "finally_adjudicated&!finally_denied",
        ),
        "first-pass resolution": (("claim_adjudicated",), "claim_resolved_at_first"),
    }
    of, counted_as = known[name]
    return Cells(by=groups, where=(*of, *but), numerators={counted_as: shown})
