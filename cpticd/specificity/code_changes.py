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
    beside those out of which they came, which are of the group too). role: retired, new or kept. ``diagnoses`` and
    ``procedures`` are the codes of the data: a group without any of them is left out. What came out of what says
    CMS's conversion table (built in, or added to ``folder``), and of what it does not name, the category.
    """
    boundaries = sorted(days)
    table = _conversions(folder)
    parts = []
    for system, dated, used in (
        ("diagnosis", _diagnosis_dates(folder), sorted({*diagnoses})),
        ("procedure", _procedure_dates(), sorted({*procedures})),
    ):
        for day in boundaries:
            came = sorted({*dated.loc[dated["effective_from"] == pd.Timestamp(day), "code"]})
            went = sorted(
                {*dated.loc[dated["effective_to"] == pd.Timestamp(day - timedelta(days=1)), "code"]}
            )
            of_day = (
                table[table["effective_from"] == pd.Timestamp(day)]
                if system == "diagnosis"
                else table.head(0)
            )
            pairs = _pairs(came, sorted({*went, *used}), of_day)
            parts.append(_groups(went, came, used, pairs).assign(boundary=pd.Timestamp(day), system=system))
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


def _conversions(folder: str | Path | None) -> pd.DataFrame:
    """Code, previous_code (or a range of them), effective_from: what has been added, and what came later."""
    rows = reference.table("icd10cm_conversions").to_pandas()
    if any(entry.kind == "icd10cm_conversion" for entry in store.added(folder)):
        given = store.release("icd10cm_conversion", folder=folder).to_pandas()[list(rows.columns)]
        rows = pd.concat(
            [given, rows[rows["effective_from"] > given["effective_from"].max()]], ignore_index=True
        )
    return rows.assign(effective_from=pd.to_datetime(rows["effective_from"]))


def _pairs(came: list[str], old: list[str], table: pd.DataFrame) -> list[tuple[str, str]]:
    """(new code, code out of which it came): by the table, or all of its category where that does not name any."""
    pairs = []
    named = {*came}
    for code, previous in zip(table["code"], table["previous_code"], strict=True):
        low, _, high = str(previous).partition("-")
        if code in named and low:
            # A range ends with every code below its last one.
            pairs += [
                (code, one)
                for one in old
                if one == low or (high and low <= one and (one <= high or one.startswith(high)))
            ]
    named_by_table = {
        code for code, previous in zip(table["code"], table["previous_code"], strict=True) if previous
    }
    for code in came:
        if code not in named_by_table:
            pairs += [
                (code, one)
                for one in old
                if one[:CATEGORY_LENGTH] == code[:CATEGORY_LENGTH] and one not in named
            ]
    return sorted({*pairs})


def _groups(went: list[str], came: list[str], used: list[str], pairs: list[tuple[str, str]]) -> pd.DataFrame:
    """The groups of one day: code_group, kind, code, role. Codes that are joined by any pair are one group."""
    gone = {*went}
    replaced: dict[str, set[str]] = {code: set() for code in went}
    for new, old in pairs:
        if old in gone:
            replaced[old].add(new)
    taken = {new for follow in replaced.values() for new in follow}
    kept: dict[str, set[str]] = {}
    for new, old in pairs:
        if old not in gone and new not in taken:
            kept.setdefault(old, set()).add(new)
    rows = []
    seen = {*used}
    for kind, role, found in (("replaced", "retired", replaced), ("added", "kept", kept)):
        for old_codes, new_codes in _joined(found):
            if not seen & {*old_codes, *new_codes}:
                continue
            named = "retired" if kind == "replaced" and not new_codes else kind
            name = _name(old_codes, new_codes, kind)
            rows += [(name, named, code, role) for code in old_codes]
            rows += [(name, named, code, "new") for code in new_codes]
    return pd.DataFrame(rows, columns=["code_group", "kind", "code", "role"], dtype="str")


def _joined(replaced: dict[str, set[str]]) -> list[tuple[list[str], list[str]]]:
    """Old codes that share a new one are one group."""
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
    """A group in words: M545 → M5450, M5451, M5459; E119 + E11A; of many codes how many."""
    if kind == "added":
        return f"{_few(old)} + {_few(new)}"
    return _few(old) + (f" → {_few(new, 6)}" if new else "")


def _few(codes: list[str], most: int = 3) -> str:
    return ", ".join(codes) if len(codes) <= most else f"{codes[0]} … {codes[-1]} ({len(codes)})"


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
