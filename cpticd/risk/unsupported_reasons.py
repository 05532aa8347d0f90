"""Why coded conditions are doubted: in words that a reviewer can check against the claims, and how often."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from cpticd.core.contract import attach, records_of, terms_of
from cpticd.core.errors import ArgumentError
from cpticd.core.measure import Cells, Part, measure

if TYPE_CHECKING:
    from cpticd.claims import Claims

#: Why a coded condition is listed, in order.
REASONS: Final = (
    "no claim that counts", "no face-to-face encounter", "one claim", "one day", "acute code outside a hospital",
    "no service one would expect", "a later code says that it is over", "health risk assessments alone",
    "a measurement contradicts it", "an earlier code says that it was over", "codes beside it do not go with it",
)  # fmt: skip
#: Evidence that is listed by name; the rest is counted.
SHOWN: Final = 3


def _flags(claims: Claims, frame: pd.DataFrame) -> pd.DataFrame:
    """A row per condition, whose person it is, and whether each reason speaks against it."""
    flags: pd.DataFrame = records_of(frame)["listed"]
    return flags


@measure(
    heading="Reasons to doubt coded conditions",
    leaves=Cells(numerators={reason: (reason,) for reason in REASONS}, facts=_flags),
    report=[
        Part(
            "risk_reasons", "risk", "Reasons to doubt coded conditions",
            lambda given: {"unsupported": given.part("risk_unsupported")},
        )
    ],
)  # fmt: skip
def reasons(claims: Claims, unsupported: pd.DataFrame) -> pd.DataFrame:
    """One row: how many coded conditions are listed, and in a column per reason how many of them it speaks against.

    ``unsupported``: what ``risk.unsupported`` returned for these claims. A condition may have several reasons.
    Raises ArgumentError for another frame, or one with reasons that are not among :data:`REASONS`.
    """
    if not isinstance(unsupported, pd.DataFrame) or not {"person_id", "reasons"} <= {*unsupported.columns}:
        raise ArgumentError("unsupported: give the DataFrame of risk.unsupported as it came")
    if other := {each for listed in unsupported["reasons"] for each in listed} - {*REASONS}:
        raise ArgumentError(f"unsupported: reasons {sorted(other)} are not known; list the conditions again")
    flags = unsupported[["person_id"]].astype(str)
    for reason in REASONS:
        flags[reason] = [reason in listed for listed in unsupported["reasons"]]
    row = {"conditions": len(flags)} | {reason: int(flags[reason].sum()) for reason in REASONS}
    return attach(
        pd.DataFrame([row]),
        measure="reasons to doubt coded conditions",
        numerator="listed conditions that the reason speaks against",
        denominator="coded conditions that risk.unsupported lists",
        clock=str(terms_of(unsupported).get("clock", "as of the list")),
        records={"listed": flags},
    )


def readable(
    frame: pd.DataFrame,
    groups: pd.DataFrame,
    contradictions: pd.DataFrame,
    companions: pd.DataFrame,
    year: int,
) -> list[str]:
    """One sentence per row of the facts behind it; ``groups`` is the reference table ``audit_groups``,
    ``contradictions`` is ``contradicting_observations``, ``companions`` is ``companion_codes``."""
    measured = {row["rule"]: row for row in contradictions.to_dict("records")}
    rules = {row["audit_group"]: row for row in groups.to_dict("records")}
    rows = frame.to_dict("records")
    against = [
        _against(row, measured[row["contradicted_by"]]) if row["measured"] == "against" else ""
        for row in rows
    ]
    why = dict(zip(companions["rule"], companions["reason"], strict=True))
    beside = [f"; {why[row['companion']]}" if row["companion"] in why else "" for row in rows]
    each = zip(rows, against, beside, strict=True)
    return [_sentence(row, rules, year) + text + last for row, text, last in each]


def _against(row: Mapping[Any, Any], rule: Mapping[Any, Any]) -> str:
    """What was measured instead."""
    low, high = f"{row['lowest_result']:g}", f"{row['highest_result']:g}"
    results = "one day" if row["result_days"] == 1 else f"{row['result_days']} days"
    return (
        f"; {rule['measure']} of {low if low == high else f'{low} to {high}'} on {results}, last "
        f"{row['last_result']:%Y-%m-%d} ({rule['reason']})"
    )


def _sentence(row: Mapping[Any, Any], rules: Mapping[Any, Mapping[Any, Any]], year: int) -> str:
    parts = [_where(row)]
    if row["audit_group"]:
        parts.append(_rule(row, rules[row["audit_group"]]))
    elif row["services"] == "none":
        parts.append("no service that one would expect with it")
    elif row["services"] in ("treatment", "follow-up"):
        parts.append(f"but {row['services']} that goes with it")
    parts.append(
        {
            "no": f"not coded in the years beside {year}",
            "unknown": "no other year to compare",
            "same HCC": "but coded in a year beside it, or on another day as a related HCC",
            "same category": "but a code of the same category stands on another day",
        }[row["again"]]
    )
    if row["history"] == "yes":
        parts.append("a later code of the year says that it is over")
    if row["history"] == "before":
        parts.append("an earlier code says that it was over")
    if row["assessed"] == "yes":
        parts.append("by assessments of health risks alone")
    if row["other_visit_days"]:
        days = "one other day" if row["other_visit_days"] == 1 else f"{row['other_visit_days']} other days"
        parts.append(f"seen on {days} of {year} without it")
    if row["excess"] > 0:
        parts.append(
            f"in these claims {row['new_one_day']} "
            f"{'person has' if row['new_one_day'] == 1 else 'persons have'} it new and on one day, "
            f"where {row['expected_one_day']:.1f} are expected"
        )
    return "; ".join(parts)


def _where(row: Mapping[Any, Any]) -> str:
    codes = _listed(row["diagnosis_codes"])
    places = _listed(row["settings"], " / ")
    if row["claims"] == 0:
        why = _listed(row["not_counted_reasons"])
        return f"{codes} on no claim that counts ({why}; {places}, {row['told_date']:%Y-%m-%d})"
    if row["claims"] == 1:
        count = "one claim that counts"
    elif row["service_days"] == 1:
        count = f"{row['claims']} claims that count, all of one day"
    else:
        count = f"{row['claims']} claims of {row['service_days']} days that count"
    seen = "" if row["claims_face_to_face"] else ", not face to face"
    return f"{codes} on {count} ({places}, {row['told_date']:%Y-%m-%d}){seen}"


def _rule(row: Mapping[Any, Any], rule: Mapping[Any, Any]) -> str:
    missing = (
        "without a stay or an emergency visit"
        if row["rule"] == "acute care missing"
        else "without treatment on claims"
    )
    text = f"{row['audit_group']} {missing} ({rule['reason']})"
    if rule["sampled"]:
        text += f"; the OIG found {rule['unsupported']} of {rule['sampled']} such cases without support"
    return text


def _listed(values: list[str], between: str = ", ") -> str:
    more = len(values) - SHOWN
    return between.join(values[:SHOWN]) + (f" and {more} more" if more > 0 else "")
