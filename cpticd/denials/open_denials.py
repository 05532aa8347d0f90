"""What can still be won: open denials, until when, by whom, and for how much."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from cpticd import sql
from cpticd.claims import Claims
from cpticd.core.apart import whole
from cpticd.core.contract import amend, attach, carry, records_of
from cpticd.core.errors import ArgumentError
from cpticd.core.frames import to_frame
from cpticd.core.maturity import MATURITY_DAYS
from cpticd.core.measure import Cells, Part, Records, measure
from cpticd.core.rounding import columns_rounded, rounded
from cpticd.core.session import Session
from cpticd.denials import chances, counted, expected
from cpticd.denials.deadlines import Deadlines, deadline_table, last_days, routes
from cpticd.persons import Apart

#: Ages of open denials as the field counts them: last day of each band, and its name.
BANDS: Final = {
    30: "0–30 days",
    60: "31–60 days",
    90: "61–90 days",
    120: "91–120 days",
    None: "over 120 days",
}
UNKNOWN: Final = "age unknown"
#: Days within which a deadline is near.
NEAR: Final = 30
#: Of the summary: a number of a part of a cell's persons, which it could give away; parts that are protected as such.
WITHHELD: Final = "unpriced_lines"
DEADLINES: Final = {"near": "near_deadline", "unknown": "unknown_deadline"}
#: Of the summary: what leaves in two digits.
COUNTS: Final = ("lines", "charge_amount", "expected_allowed", "expected_recovery", *DEADLINES.values())
_COLUMNS: Final = (
    "claim_id", "claim_line_number", "person_id", "payer", "payer_kind", "hcpcs_code", "service_date", "denied_date",
    "age", "deadline_date", "days_left", "route", "action", "category", "carc", "rarcs", "group_code", "submissions",
    "charge_amount", "expected_allowed", "expected_source", "expected_lines", "overturn_probability", "chance_source",
    "chance_lines", "expected_recovery",
)  # fmt: skip


def day_of(as_of: date | str) -> date:
    """The day that is meant; ArgumentError for what is none."""
    try:
        found = pd.Timestamp(as_of)
    except (ValueError, TypeError) as error:
        raise ArgumentError(f"as_of={as_of!r} is not a date; write it as YYYY-MM-DD") from error
    if found is pd.NaT:
        raise ArgumentError(f"as_of={as_of!r}: give the day that the list is of, such as '2026-11-30'")
    return found.date()


def protected(listed: pd.DataFrame, minimum: int) -> pd.DataFrame:
    """The list without prices and chances that were learned from few services; of more these are rounded."""
    priced, learned = listed["expected_lines"], listed["chance_lines"]
    values: dict[str, Any] = {
        "expected_allowed": listed["expected_allowed"].mask(priced.between(1, minimum - 1).fillna(False)),
        "overturn_probability": listed["overturn_probability"]
        .round(2)
        .mask(learned.between(1, minimum - 1).fillna(False)),
    }
    for name, few in (("expected_lines", priced), ("chance_lines", learned)):
        about = pd.Series(pd.array([rounded(value) for value in few], dtype="Int64"), index=listed.index)
        values[name] = about.mask(few.between(1, minimum - 1).fillna(False))
    shown = listed.assign(**values)
    shown["expected_recovery"] = (shown["expected_allowed"] * shown["overturn_probability"]).round(2)
    order = ["expected_recovery", "age", "claim_id", "claim_line_number"]
    ascending = [False, False, True, True]
    return carry(listed, shown.sort_values(order, ascending=ascending, na_position="last", ignore_index=True))


def _of_all(
    claims: Claims,
    *,
    as_of: date | str,
    duplicates: bool = True,
    maturity_days: int = MATURITY_DAYS,
    **_: Any,
) -> dict[str, pa.Table]:
    """What prices and chances of open denials are learned from, by payer, procedure, root cause and day."""
    day, kept = expected.literal(day_of(as_of)), counted.kept(duplicates)
    with claims.session() as s:
        s.create("open_services", sql.text("denials/open_services"), day=day, kept=kept)
        worked = s.fetch(sql.text("denials/resolved_before"), day=day, maturity=int(maturity_days), kept=kept)
        asked = s.fetch("SELECT DISTINCT payer, category, age, is_denied_again FROM open_services")
        return {"worked": worked, "asked": asked, **expected.of_all(s, "open_services", day)}


@measure(heading="Open denials", leaves=Records(protected), apart=Apart(_of_all))
def open(
    claims: Claims,
    *,
    as_of: date | str,
    deadlines: Deadlines = None,
    duplicates: bool = True,
    folder: str | Path | None = None,
    maturity_days: int = MATURITY_DAYS,
) -> pd.DataFrame:
    """One row per open denied service, the one with the largest expected recovery first.

    Parameters
    ----------
    as_of: the day that the list is of. A service is open that was denied by then, and neither paid nor too late.
    deadlines: rows of the table ``deadlines`` (payer, payer_kind, action, length, unit, counted_from, note) as
        DataFrame or CSV file, in the place of the built-in ones of the same payer, kind and action; ``*`` is any.
    duplicates: whether services denied at first as duplicates are listed.
    folder: where contract rates were added, as in ``reference.add``.
    maturity_days: how long before ``as_of`` a denial must lie so that the chance of overturn is learned from it.
    lazy: rows for ``.to_table(name)``, which do not come here.

    Columns: claim and line, person_id, payer (whose denial stands) and its kind, hcpcs_code, dates; age, days since the
    denial; deadline_date and days_left, missing where no deadline is known, which is not the same as no limit; route
    (who can mend it, by the table ``routes``) and action; category, carc, rarcs, group_code of the denial; submissions;
    amounts in US dollars. expected_allowed is what the payer would allow, expected_source by whom (``payer``,
    ``payers of the kind``, ``contract``), expected_lines of how many services. overturn_probability is the chance that
    it is paid after all, chance_source and chance_lines from how many open denials of what it was learned.
    expected_recovery is their product; missing where either is.

    Raises ArgumentError without a day, SchemaError for deadlines that do not fit.

    >>> import cpticd as cx
    >>> claims = cx.simulate(persons=200, seed=1).claims
    >>> cx.denials.open(claims, as_of="2026-02-01")["expected_recovery"].dropna().is_monotonic_decreasing
    True
    """
    found, late, limits = listed(
        claims, day_of(as_of), deadlines=deadlines, duplicates=duplicates, folder=folder, maturity_days=maturity_days
    )  # fmt: skip
    return attach(
        found[list(_COLUMNS)],
        measure=f"open denials as of {day_of(as_of)}",
        numerator="services denied as a whole that no payer has paid since, and that are not too late",
        denominator="none: a list, not a rate",
        clock="age from the denial that stands (the first, where the service was denied at first)",
        exclusions="too late by a known deadline; an unknown deadline leaves a service in the list",
        rows_left_out=len(late),
        too_late_expected_amount=round(float(late["expected_allowed"].sum()), 2),
        expected=expected.WORDS,
        chance=chances.WORDS,
        routes="table routes: a judgement, by root cause, CARC, RARC and group",
        records={"deadlines": limits.to_dict("records")},
        **counted.duplicate_terms(duplicates),
    )


def listed(
    claims: Claims,
    day: date,
    *,
    deadlines: Deadlines = None,
    duplicates: bool = True,
    folder: str | Path | None = None,
    maturity_days: int = MATURITY_DAYS,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Open denials in their order, those that are too late, and the deadlines that were used."""
    found, reference, limits = _due(
        claims, day, deadlines=deadlines, duplicates=duplicates, folder=folder, maturity_days=maturity_days
    )
    every = whole("asked")
    found = found.join(chances.chances(reference, found, None if every is None else to_frame(every)))
    found["expected_recovery"] = (found["expected_allowed"] * found["overturn_probability"]).round(2)
    for column in ("age", "expected_lines", "submissions"):
        found[column] = found[column].astype("Int64")
    found["chance_lines"] = found["chance_lines"].round().astype("Int64")
    is_late = _is_late(found)
    order = ["expected_recovery", "age", "expected_allowed", "charge_amount"]
    keys = [*order, "claim_id", "claim_line_number"]
    kept = found[~is_late].sort_values(
        keys, ascending=[*[False] * len(order), True, True], na_position="last", ignore_index=True
    )
    return kept, found[is_late], limits


def priced(
    claims: Claims, day: date, *, duplicates: bool, folder: str | Path | None, maturity_days: int
) -> pd.DataFrame:
    """Open denials that are not too late: claim, line and what payers would allow, without what chances there are."""
    found, _, _ = _due(
        claims, day, deadlines=None, duplicates=duplicates, folder=folder, maturity_days=maturity_days
    )
    columns = ["claim_id", "claim_line_number", "expected_allowed"]
    return found.loc[~_is_late(found), columns].reset_index(drop=True)


def _due(
    claims: Claims,
    day: date,
    *,
    deadlines: Deadlines,
    duplicates: bool,
    folder: str | Path | None,
    maturity_days: int,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Open services with their routes and last days, the denials that chances are learned from, and the deadlines."""
    limits = deadline_table(deadlines)
    with claims.session() as s:
        found, reference = _read(s, expected.literal(day), duplicates, folder, maturity_days)
    found = found.join(routes(found))
    ends = last_days(found, limits)
    found["deadline_date"] = ends
    found["days_left"] = (ends - pd.Timestamp(day)).dt.days.astype("Int64")
    return found, reference, limits


def _is_late(found: pd.DataFrame) -> np.ndarray[Any, np.dtype[Any]]:
    return (found["days_left"] < 0).fillna(False).to_numpy(bool)


def _read(
    s: Session, day: str, duplicates: bool, folder: str | Path | None, maturity_days: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Open services with what is expected of them, and the denials that chances are learned from."""
    kept = counted.kept(duplicates)
    s.create("open_services", sql.text("denials/open_services"), day=day, kept=kept)
    expected.prices(s, "open_services", day, folder=folder)
    found = s.frame(
        "SELECT o.*, e.expected AS expected_allowed, e.expected_source, e.expected_lines FROM open_services o "
        "LEFT JOIN expected_prices e ON e.claim_id = o.claim_id AND e.claim_line_number = o.claim_line_number "
        "ORDER BY o.claim_id, o.claim_line_number"
    )
    found["expected_allowed"] = found["expected_allowed"].astype(float).round(2)
    if (worked := whole("worked")) is not None:
        return found, to_frame(worked)
    reference = s.frame(sql.text("denials/resolved_before"), day=day, maturity=int(maturity_days), kept=kept)
    return found, reference


def band(age: pd.Series) -> pd.Series:
    """The band of each age, in words."""
    days = age.astype(float)
    known = [days <= last for last in BANDS if last is not None]
    words = np.select([days.isna(), *known], [UNKNOWN, *list(BANDS.values())[:-1]], BANDS[None])
    return pd.Series(words, index=age.index, dtype="str")


def _persons(_: Claims, frame: pd.DataFrame) -> pd.DataFrame:
    """One row per person, band of age and route of open denials, and whether a deadline is near, or not known."""
    persons: pd.DataFrame = records_of(frame)["persons"]
    return persons


def _as_shown(shown: pd.DataFrame) -> pd.DataFrame:
    """Numbers of two digits: with what became of all denials beside them, exact ones would tell of those left out."""
    rounded_ = carry(shown, shown.assign(**columns_rounded(shown, *COUNTS)))
    return amend(rounded_, {"persons": records_of(shown)["persons"].head(0), "nearest_deadline": None})


def _sentence(frame: pd.DataFrame) -> str:
    shown = frame.dropna(subset=["lines", "expected_recovery"])
    if shown.empty or len(shown) < len(frame):
        return ""
    first = shown.groupby("route")["expected_recovery"].sum().sort_values(ascending=False)
    return (
        f"{shown['lines'].sum():,.0f} denied services are open; ${shown['expected_recovery'].sum():,.0f} of the "
        f"${shown['expected_allowed'].sum():,.0f} that payers would allow for them can be expected back, most by "
        f"{first.index[0]} (${first.iloc[0]:,.0f})."
    )


@measure(
    heading="Open denials by age and route",
    leaves=Cells(
        by=("age_band", "route"),
        facts=_persons,
        withheld=WITHHELD,
        numerators=DEADLINES,
        anew=_as_shown,
    ),
    chart="open_summary",
    report=[Part("open_summary", "from_denial_to_payment", "Open denials by age and route")],
    sentence=_sentence,
)
def open_summary(
    claims: Claims,
    *,
    as_of: date | str | None = None,
    deadlines: Deadlines = None,
    duplicates: bool = True,
    folder: str | Path | None = None,
    maturity_days: int = MATURITY_DAYS,
) -> pd.DataFrame:
    """One row per band of age and route of open denials: how many, and for how much.

    Columns: age_band (0–30, 31–60, 61–90, 91–120, over 120 days), route, lines (services), charge_amount,
    expected_allowed, expected_recovery (US dollars, of services for which they are known), unpriced_lines (no expected
    amount), near_deadline (services that can be mended for 30 more days at most), unknown_deadline. Parameters as those
    of :func:`open`; ``as_of`` is the last adjudication date in the data unless given.

    >>> import cpticd as cx
    >>> claims = cx.simulate(persons=200, seed=1).claims
    >>> listed = cx.denials.open(claims, as_of="2026-02-01")
    >>> int(cx.denials.open_summary(claims, as_of="2026-02-01")["lines"].sum()) == len(listed)
    True
    """
    day = day_or_last(claims, as_of)
    found, late, limits = listed(
        claims, day, deadlines=deadlines, duplicates=duplicates, folder=folder, maturity_days=maturity_days
    )
    rows = found.assign(
        age_band=pd.Categorical(band(found["age"]), [*BANDS.values(), UNKNOWN]),
        unpriced=found["expected_allowed"].isna(),
        near=(found["days_left"] <= NEAR).fillna(False).astype(bool),
        unknown=found["days_left"].isna(),
    )
    result = rows.groupby(["age_band", "route"], observed=True, sort=True).agg(
        lines=("claim_id", "size"),
        charge_amount=("charge_amount", "sum"),
        expected_allowed=("expected_allowed", "sum"),
        expected_recovery=("expected_recovery", "sum"),
        unpriced_lines=("unpriced", "sum"),
        near_deadline=("near", "sum"),
        unknown_deadline=("unknown", "sum"),
    )
    result = result.reset_index().astype({"age_band": "str"}).round(2)
    return attach(
        result,
        measure=f"open denials as of {day}, by age and route",
        numerator="services denied as a whole that no payer has paid since, and that are not too late",
        denominator="none: numbers and dollars",
        clock="age from the denial that stands (the first, where the service was denied at first)",
        exclusions="too late by a known deadline; dollars of services without an expected amount",
        rows_left_out=len(late),
        expected=expected.WORDS,
        chance=chances.WORDS,
        records={
            "deadlines": limits.to_dict("records"),
            "as_of": day.isoformat(),
            "persons": rows[["person_id", "age_band", "route", *DEADLINES]]
            .astype({"age_band": "str"})
            .drop_duplicates(),
            "nearest_deadline": rows["deadline_date"].min(),
        },
        **counted.duplicate_terms(duplicates),
    )


def day_or_last(claims: Claims, as_of: date | str | None) -> date:
    """The day that was given, or the last on which a payer decided; ArgumentError where there is neither."""
    if as_of is not None:
        return day_of(as_of)
    with claims.session() as s:
        last = expected.last_day(s)
    if last is None:
        raise ArgumentError("as_of: no payer has decided in these data; give the day that the list is of")
    return day_of(last)
