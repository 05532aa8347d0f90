"""Which codes came and went on which day, and which stand in for each other."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import pandas as pd

from cpticd import codes as _codes
from cpticd import reference
from cpticd.reference import icd10cm, store

#: Codes that share so many characters are of one category, in ICD-10-CM and for want of better in CPT.
CATEGORY_LENGTH: Final = 3
COLUMNS: Final = ("boundary", "system", "code_group", "kind", "code", "role")


def changes(
    days: Iterable[date],
    diagnoses: Iterable[str],
    procedures: Iterable[str],
    *,
    folder: str | Path | None = None,
) -> pd.DataFrame:
    """One row per day, group of codes that changed on it, and code of the group: ``COLUMNS``.

    kind: replaced (codes went, and others came in their place), retired (codes went, none came), added (codes came
    beside those of their category, which are of the group too). role: retired, new or kept. ``diagnoses`` and
    ``procedures`` are the codes of the data: of a category that got new codes these are the kept ones, and a group
    without any of them is left out. What came in place of what says the conversion table of ``reference.add``,
    where there is one, and else the category.
    """
    boundaries = sorted(days)
    told = any(entry.kind == "icd10cm_conversion" for entry in store.added(folder))
    parts = []
    for system, dated, used in (
        ("diagnosis", _diagnosis_dates(folder), sorted({*diagnoses})),
        ("procedure", _procedure_dates(), sorted({*procedures})),
    ):
        for day in boundaries:
            came = dated.loc[dated["effective_from"] == pd.Timestamp(day), "code"]
            went = dated.loc[dated["effective_to"] == pd.Timestamp(day - timedelta(days=1)), "code"]
            # Of codes that the data do not have it makes no difference what came in their place.
            named = sorted({*went} & {*used}) if told and system == "diagnosis" else []
            table = {code: _successors(code, folder) for code in named}
            rows = _groups(sorted({*went}), sorted({*came}), used, table)
            parts.append(rows.assign(boundary=pd.Timestamp(day), system=system))
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))
    return found[list(COLUMNS)].sort_values(
        ["boundary", "system", "code_group", "role", "code"], ignore_index=True
    )


def _diagnosis_dates(folder: str | Path | None) -> pd.DataFrame:
    """One row per stretch of days in which a diagnosis code was billable."""
    found = icd10cm.periods(folder=folder).to_pandas()
    found = found[found["reason"] == icd10cm.VALID]
    starts = pd.to_datetime(found["effective_from"])
    first = pd.Timestamp(_codes.ICD10_START)
    return pd.DataFrame(
        {
            "code": found["code"],
            "effective_from": starts.where(starts > first),
            "effective_to": pd.to_datetime(found["effective_to"]),
        }
    )


def _procedure_dates() -> pd.DataFrame:
    found = reference.table("procedure_dates").to_pandas()
    dates = {
        name: pd.to_datetime(found[name].replace("", None)) for name in ("effective_from", "effective_to")
    }
    return pd.DataFrame({"code": found["code"], **dates})


def _groups(went: list[str], came: list[str], used: list[str], table: dict[str, list[str]]) -> pd.DataFrame:
    """The groups of one day: code_group, kind, code, role; ``table`` says what came in place of a code, if known."""
    by_category: dict[str, list[str]] = {}
    for code in came:
        by_category.setdefault(code[:CATEGORY_LENGTH], []).append(code)
    replaced: dict[str, set[str]] = {}
    named: set[str] = set()
    for code in went:
        follow = set(table.get(code, ())) & {*came}
        follow = follow or set(by_category.get(code[:CATEGORY_LENGTH], ()))
        replaced[code] = follow
        named |= follow
    rows = []
    for old, new in _joined(replaced):
        kind = "replaced" if new else "retired"
        rows += [(old, new, kind, code, "retired") for code in old]
        rows += [(old, new, kind, code, "new") for code in new]
    for category, every in by_category.items():
        new = [code for code in every if code not in named]
        if new:
            kept = [code for code in used if code.startswith(category) and code not in {*every, *went}]
            rows += [([category], new, "added", code, "new") for code in new]
            rows += [([category], new, "added", code, "kept") for code in kept]
    seen = {*used}
    there = {(tuple(old), tuple(new)) for old, new, _, code, _ in rows if code in seen}
    return pd.DataFrame(
        [
            (_name(old, new, kind), kind, code, role)
            for old, new, kind, code, role in rows
            if (tuple(old), tuple(new)) in there
        ],
        columns=["code_group", "kind", "code", "role"],
        dtype="str",
    )


def _successors(code: str, folder: str | Path | None) -> list[str]:
    return icd10cm.successors(code, folder=folder)["code"].tolist()


def _joined(replaced: dict[str, set[str]]) -> list[tuple[list[str], list[str]]]:
    """Retired codes that share a successor are one group."""
    groups: list[tuple[set[str], set[str]]] = []
    for code, follow in sorted(replaced.items()):
        old, new = {code}, set(follow)
        apart = []
        for group in groups:
            if group[1] & new:
                old, new = old | group[0], new | group[1]
            else:
                apart.append(group)
        groups = [*apart, (old, new)]
    return sorted((sorted(old), sorted(new)) for old, new in groups)


def _name(old: list[str], new: list[str], kind: str) -> str:
    """A group in words: M545 → M5450, M5451, M5459; of an added one the category and how many came."""
    if kind == "added":
        return f"{old[0]} + {len(new)} new"
    return ", ".join(old) + (f" → {', '.join(new)}" if new else "")


def outside_dates(
    diagnoses: Iterable[str], procedures: Iterable[str], *, folder: str | Path | None = None
) -> pd.DataFrame:
    """One row per code and stretch of days on which it was no code yet, or no more.

    system, code, reason (not yet effective, retired), its first_day and last_day, outside_from, outside_to. A code
    that was divided, and is a header since, is retired. What never was a code for claims is not of the calendar, and
    not here.
    """
    found = icd10cm.periods(folder=folder).to_pandas()
    found = found[found["code"].isin([*diagnoses])]
    starts, ends = pd.to_datetime(found["effective_from"]), pd.to_datetime(found["effective_to"])
    found = found.assign(outside_from=starts, outside_to=ends.fillna(_LAST))
    valid = found[found["reason"] == icd10cm.VALID].groupby("code")
    last = pd.DataFrame({"first_day": valid["outside_from"].min(), "last_day": valid["outside_to"].max()})
    found = found[found["reason"] != icd10cm.VALID].join(last, on="code", how="inner")
    # A code that was divided is a header from then on; it is no code for a claim all the same.
    late = found["outside_from"] > found["first_day"]
    found["reason"] = late.map({True: icd10cm.RETIRED, False: icd10cm.EARLY})
    procedure = _procedure_dates()
    procedure = procedure[procedure["code"].isin([*procedures])]
    early = procedure[procedure["effective_from"].notna()]
    gone = procedure[procedure["effective_to"].notna()]
    days = pd.Timedelta(days=1)
    parts = [
        found.assign(system="diagnosis"),
        early.assign(
            system="procedure", reason=icd10cm.EARLY, first_day=early["effective_from"], last_day=early["effective_to"],
            outside_from=_FIRST, outside_to=early["effective_from"] - days,
        ),
        gone.assign(
            system="procedure", reason=icd10cm.RETIRED, first_day=gone["effective_from"], last_day=gone["effective_to"],
            outside_from=gone["effective_to"] + days, outside_to=_LAST,
        ),
    ]  # fmt: skip
    columns = ["system", "code", "reason", "first_day", "last_day", "outside_from", "outside_to"]
    every = pd.concat([part[columns] for part in parts], ignore_index=True)
    dates = {name: pd.to_datetime(every[name]).astype("datetime64[s]") for name in columns[3:]}
    return every.assign(**dates)


_FIRST: Final = pd.Timestamp("1900-01-01")
_LAST: Final = pd.Timestamp("2262-01-01")
