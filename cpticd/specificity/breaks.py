"""The code calendar: what October 1, April 1 and January 1 do to the use of codes, and to their denials."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from cpticd import codes as _codes
from cpticd import model, sql, stats
from cpticd.claims import Claims
from cpticd.core.arguments import whole
from cpticd.core.contract import CLOCKS, attach, records_of, terms_of
from cpticd.core.errors import ArgumentError
from cpticd.core.measure import Cells, measure
from cpticd.core.session import Session
from cpticd.specificity.code_changes import changes, outside_dates
from cpticd.specificity.segmented import Break, difference, level_change

#: Days of the year on which code sets change: ICD-10-CM on October 1 and April 1, CPT and plan years on January 1.
DAYS: Final = ((1, 1), (4, 1), (10, 1))
#: Lines that a group needs on either side of a boundary before a break is estimated.
MIN_SIDE: Final = 10
#: Kind of the row that stands for all lines without a changed code.
UNTOUCHED: Final = "untouched"
_KEY: Final = ["boundary", "system", "code_group"]
_COUNTS: Final = ("lines", "adjudicated", "denied")
_SYSTEMS: Final = ("diagnosis", "procedure")
#: Measures of a row, in order.
_MEASURES: Final = (
    "lines_before", "lines_after", "control_lines_before", "control_lines_after",
    "use_odds_ratio", "low_use_odds_ratio", "high_use_odds_ratio", "use_p_value",
    "denied_before", "denied_after", "rate_before", "rate_after", "control_rate_before", "control_rate_after",
    "denial_odds_ratio", "low_denial_odds_ratio", "high_denial_odds_ratio", "denial_p_value",
)  # fmt: skip
#: What compares with other codes or days, and counts of lines of which nobody knows the persons.
_WITHHELD: Final = (
    *(name for name in _MEASURES if name.startswith("control_") or "odds_ratio" in name or "_p_value" in name),
    "use_q_value", "denial_q_value", "new_code_share", "outside_lines", "outside_denied", "outside_denied_amount",
)  # fmt: skip


def _persons(claims: Claims, frame: pd.DataFrame) -> pd.DataFrame:
    """One row per person, boundary, group and what became of a line: facts for disclosure control."""
    days, width = terms_of(frame)["boundaries"], terms_of(frame)["window_months"]
    groups = pd.DataFrame(records_of(frame)["groups"], columns=[*_KEY, "kind", "code", "role", "family"])
    with claims.session() as s:
        _bear(s, claims)
        if not days:
            return pd.DataFrame(columns=["person_id", *_KEY])
        _divide(s, _boundaries(s, days, width), groups.assign(boundary=pd.to_datetime(groups["boundary"])))
        return s.frame(sql.text("specificity/calendar_persons"))


@measure(
    heading="Breaks where code sets change",
    leaves=Cells(
        by=_KEY,
        labels=("family", "kind", "codes"),
        numerators={
            "before": ("lines_before",),
            "after": ("lines_after",),
            "adjudicated_before": ("rate_before",),
            "adjudicated_after": ("rate_after",),
            "denied_before": ("denied_before", "rate_before"),
            "denied_after": ("denied_after", "rate_after"),
        },
        facts=_persons,
        withheld=_WITHHELD,
    ),
    chart="calendar",
)
def calendar(
    claims: Claims,
    *,
    boundaries: Sequence[str | date | pd.Timestamp] | None = None,
    window_months: int = 6,
    min_lines: int = 20,
    confidence: float = 0.95,
    folder: str | Path | None = None,
) -> pd.DataFrame:
    """One row per boundary date and group of codes that changed on it, and one for all untouched codes.

    Parameters
    ----------
    boundaries: first days of months; by default every October 1, April 1 and January 1 that has at least one whole
        month of claims on either side.
    window_months: months on either side that are looked at.
    min_lines: groups with fewer lines in the window are left out, and counted in the contract.
    confidence: of the interval.
    folder: where added releases are; an ``icd10cm_conversion`` table there comes before the built-in one.

    A group (code_group, system diagnosis or procedure) is stitched: codes that went with those that came in their
    place (kind ``replaced``), codes that went (``retired``), codes that came with those out of which they came
    (``added``), by CMS's conversion table, and where that says nothing by category; procedure codes by their first
    three characters. ``codes`` lists what changed. Controls are lines of the same month and family
    (chapter, procedure section) without any changed code; they are counted too.

    Columns
    -------
    lines_before, lines_after, control_lines_before, control_lines_after; use_odds_ratio with low_use_odds_ratio,
    high_use_odds_ratio, use_p_value, use_q_value: how the group's share of its family's lines moves at the boundary,
    beyond its trend: 1 where the stitched codes go on as before. denied_before and denied_after with rate_before,
    rate_after, control_rate_before, control_rate_after; denial_odds_ratio with low_, high_, denial_p_value,
    denial_q_value: how the odds of an initial denial move beyond those of the controls; of the untouched row how
    they move beyond their own trend, which is what the date itself does. Segmented logistic regression on months,
    with quasi-likelihood intervals; missing where counts are too few for it (under 10 lines on a side).
    new_code_share: of the lines after, those with a code that came on the day. outside_lines, outside_denied,
    outside_denied_amount: lines in the window that bear a code of the group on a day on which it was none.

    The contract's ``records["outside"]`` has a record per code borne outside its dates at any time: system, code,
    reason, code_date (its last, or first, day), first_date, last_date, lines, adjudicated, denied, denied_amount.
    By boundary, the untouched first, then by lines.

    >>> import cpticd as cx
    >>> breaks = cx.specificity.calendar(cx.simulate(persons=200, seed=1).claims, window_months=3)
    >>> "untouched" in set(breaks["kind"])
    True
    """
    width, fewest = whole("window_months", window_months, 2), whole("min_lines", min_lines)
    with claims.session() as s:
        terms = _bear(s, claims)
        days = _boundaries(s, boundaries, width)
        groups = _placed(changes([day["boundary"] for day in days], *_used(s), folder=folder))
        _divide(s, days, groups)
        series = s.frame(sql.text("specificity/calendar"))
        new = s.frame(sql.text("specificity/new_codes"))
        _load(s, "code_dates", outside_dates(*_used(s), folder=folder))
        outside = _outside(s)
        near = s.frame(sql.text("specificity/outside_groups"))
        undated = s.value("SELECT count(*) AS n FROM standing_lines WHERE service_date IS NULL")
    found = _compared(series, groups, confidence)
    found = found.merge(new, on=_KEY, how="left").merge(near, on=_KEY, how="left")
    enough = (found["lines_before"] + found["lines_after"] >= fewest) | (found["kind"] == UNTOUCHED)
    result = _finished(found[enough])
    return attach(
        result,
        records={"outside": outside, "groups": groups.astype("str").to_dict("records")},
        measure="breaks in use and denials where code sets change",
        numerator="lines that bear a code of the group; of these, lines denied at first adjudication",
        denominator="lines of the group and its controls by month of service; adjudicated lines",
        clock="month of service, counted from the boundary; denials: " + CLOCKS["initial"],
        exclusions=f"groups with fewer than {fewest} lines in the window; lines without a date",
        rows_left_out=int(undated),
        small_groups_left_out=int((~enough).sum()),
        boundaries=[day["boundary"].isoformat() for day in days],
        window_months=width,
        controls="lines of the same family and month without any code that changed on the boundary",
        model="segmented logistic regression on months: level and trend; denials against controls; quasi-likelihood",
        family_size=int(result["denial_p_value"].notna().sum()),
        code_set_release="ICD-10-CM by its own days since 2015 and added releases; procedure codes by procedure_dates",
        **terms,
    )


def _bear(s: Session, claims: Claims) -> dict[str, Any]:
    """Make ``standing_lines`` and ``borne_codes`` in a session; what a contract says of the lines."""
    terms = model.standing_lines(s, claims.grouping(None), superseded=True)
    s.create("borne_codes", sql.text("specificity/borne_codes"))
    return terms


def _boundaries(s: Session, given: Any, width: int) -> list[dict[str, date]]:
    """Each boundary with the first and last month looked at: whole months of the data, within the window."""
    row = s.rows("SELECT min(service_date) AS first, max(service_date) AS last FROM standing_lines")[0]
    if row["first"] is None:
        return []
    first, last = pd.Timestamp(row["first"]), pd.Timestamp(row["last"])
    first = first if first.day == 1 else first + pd.offsets.MonthBegin(1)
    last = (last + pd.Timedelta(days=1)).replace(day=1) - pd.DateOffset(months=1)
    if given is None:
        days = [pd.Timestamp(y, m, d) for y in range(first.year, last.year + 1) for m, d in DAYS]
        days = [day for day in days if first < day <= last]
    else:
        try:
            days = [pd.Timestamp(day) for day in ([given] if isinstance(given, str | date) else given)]
        except (ValueError, TypeError) as error:
            raise ArgumentError(f"boundaries={given!r}: not a date; write them as YYYY-MM-01") from error
        wrong = [day for day in days if day is pd.NaT or day.day != 1]
        if wrong or not days:
            raise ArgumentError(
                f"boundaries={given!r}: first days of months are needed, such as '2024-10-01'"
            )
    return [
        {
            "boundary": day.date(),
            "first": max(first, day - pd.DateOffset(months=width)).date(),
            "last": min(last, day + pd.DateOffset(months=width - 1)).date(),
        }
        for day in sorted({*days})
    ]


def _used(s: Session) -> list[list[str]]:
    """Diagnosis and procedure codes of the lines that stand."""
    rows = s.rows("SELECT DISTINCT system, code FROM borne_codes ORDER BY system, code")
    return [[row["code"] for row in rows if row["system"] == system] for system in _SYSTEMS]


def _load(s: Session, name: str, frame: pd.DataFrame) -> None:
    """A frame as a relation; timestamps become days."""
    arrays = {}
    for column in frame.columns:
        values = frame[column]
        if pd.api.types.is_datetime64_any_dtype(values):
            arrays[column] = pa.array(values.dt.date.tolist(), pa.date32())
        else:
            arrays[column] = pa.array(values.astype("str").tolist(), pa.string())
    s.load(name, arrays)


def _families(codes: pd.Series, system: str) -> pd.Series:
    if system == "diagnosis":
        return _codes.diagnosis_family(codes)
    return _codes.procedure_family(codes)


def _placed(groups: pd.DataFrame) -> pd.DataFrame:
    """The groups with their family, that of their first code."""
    family = pd.Series("", index=groups.index, dtype="str")
    for system in _SYSTEMS:
        own = groups["system"] == system
        if own.any():
            family[own] = _families(groups.loc[own, "code"], system).to_numpy()
    placed = groups.assign(family=family)
    placed["family"] = placed.groupby(_KEY)["family"].transform("first")
    return placed


def _divide(s: Session, days: list[dict[str, date]], groups: pd.DataFrame) -> None:
    """Make ``touched_lines`` and ``untouched_lines`` in a session, and what they are made of."""
    _load(s, "boundaries", pd.DataFrame(days, columns=["boundary", "first", "last"]).astype("datetime64[s]"))
    _load(s, "code_groups", groups)
    used = zip(_SYSTEMS, _used(s), strict=True)
    every = [
        pd.DataFrame(
            {"system": system, "code": codes, "family": _families(pd.Series(codes, dtype="str"), system)}
        )
        for system, codes in used
    ]
    _load(s, "code_families", pd.concat(every))
    for relation in ("near_lines", "touched_lines", "untouched_lines"):
        s.create(relation, sql.text(f"specificity/{relation}"))


def _outside(s: Session) -> list[dict[str, Any]]:
    """A record per code that lines bear outside its dates."""
    found = s.frame(sql.text("specificity/outside"))
    for name in ("code_date", "first_date", "last_date"):
        found[name] = found[name].dt.strftime("%Y-%m-%d")
    found["denied_amount"] = found["denied_amount"].astype(float).round(2)
    return [{str(name): value for name, value in row.items()} for row in found.to_dict("records")]


def _compared(series: pd.DataFrame, groups: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """One row per boundary and group: counts on both sides, and how use and denials break."""
    months = {
        tuple(key): part.set_index("month")[list(_COUNTS)].astype(float).sort_index()
        for key, part in series.groupby([*_KEY, "family"], sort=True)
    }
    kinds = groups.drop_duplicates(_KEY).set_index(_KEY)["kind"].to_dict()
    codes = groups[groups["role"] != "kept"].groupby(_KEY)["code"].agg(lambda own: " ".join(sorted(own)))
    rows = []
    for (boundary, system, group, family), own in months.items():
        if group == "" and system != "all":
            continue
        row: dict[str, Any] = {"boundary": boundary, "system": system, "code_group": group, "family": family}
        if group == "":
            row |= {"kind": UNTOUCHED, "codes": ""} | _sides(own, "")
            row |= _break(
                level_change(own.index.to_numpy(float), *_pair(own), confidence=confidence), "denial"
            )
        else:
            control = months.get((boundary, system, "", family), own * 0)
            span = own.index.union(control.index)
            part, control = (side.reindex(span, fill_value=0.0) for side in (own, control))
            month = span.to_numpy(float)
            row |= {
                "kind": kinds[(boundary, system, group)],
                "codes": codes.get((boundary, system, group), ""),
            }
            row |= _sides(part, "") | _sides(control, "control_")
            lines, others = part["lines"].to_numpy(), control["lines"].to_numpy()
            known = min(row["lines_before"], row["lines_after"]) >= MIN_SIDE
            use = level_change(month, lines, lines + others, confidence=confidence) if known else Break()
            denial = (
                difference(month, *_pair(part), _pair(control), confidence=confidence) if known else Break()
            )
            row |= _break(use, "use") | _break(denial, "denial")
        rows.append(row)
    return pd.DataFrame(rows, columns=[*_KEY, "family", "kind", "codes", *_MEASURES])


def _pair(part: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    return part["denied"].to_numpy(float), part["adjudicated"].to_numpy(float)


def _sides(part: pd.DataFrame, prefix: str) -> dict[str, float]:
    """Lines, denied and rate before and after."""
    found: dict[str, float] = {}
    for side, own in (("before", part[part.index < 0].sum()), ("after", part[part.index >= 0].sum())):
        found[f"{prefix}lines_{side}"] = own["lines"]
        found[f"{prefix}rate_{side}"] = own["denied"] / own["adjudicated"] if own["adjudicated"] else np.nan
        if not prefix:
            found[f"denied_{side}"] = own["denied"]
    return found


def _break(found: Break, what: str) -> dict[str, float]:
    return {
        f"{what}_odds_ratio": found.ratio,
        f"low_{what}_odds_ratio": found.low,
        f"high_{what}_odds_ratio": found.high,
        f"{what}_p_value": found.p_value,
    }


def _finished(found: pd.DataFrame) -> pd.DataFrame:
    counts = [name for name in found.columns if name.startswith(("lines_", "denied_", "control_lines_"))]
    counts += ["outside_lines", "outside_denied"]
    found = found.assign(**{name: found[name].fillna(0).astype("int64") for name in counts})
    found["outside_denied_amount"] = found["outside_denied_amount"].fillna(0).astype(float).round(2)
    for what in ("use", "denial"):
        place = list(found.columns).index(f"{what}_p_value") + 1
        found.insert(
            place, f"{what}_q_value", stats.benjamini_hochberg(found[f"{what}_p_value"].to_numpy(float))
        )
    found["_first"] = found["kind"] != UNTOUCHED
    found["_lines"] = found["lines_before"] + found["lines_after"]
    found = found.sort_values(
        ["boundary", "_first", "_lines", "system", "code_group"], ascending=[True, True, False, True, True],
        ignore_index=True,
    )  # fmt: skip
    return found.drop(columns=["_first", "_lines"])
