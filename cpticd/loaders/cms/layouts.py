"""Record layouts of Medicare files: which of their columns is which of our fields, by name and by position.

The facts are two reference tables. ``cms_layouts`` has a row per column and field: RIF and LDS by their long and short
names (ResDAC, record layouts), CCLF by name and position (CMS, CCLF Information Packet), IDR extracts by name.
``cms_codes`` says what the codes of a column stand for.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import Final, NamedTuple

from cpticd import reference

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP SEPT", "OCT", "NOV", "DEC"), start=1
    )
    for name in names.split()
}
#: What stands for ``@`` in a column's name: 1, 01, _1, JAN.
_SLOT: Final = r"_?(\d{1,2}|" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + ")"
#: Kinds of files by layout and files: what they are called, and what they have to have. Of a pair one suffices.
_NEEDED: Final = {
    "claim": ("number", "person"),
    "drug": ("fill", "person", "fill_date"),
    "member": ("person", "birth_date"),
    "person": ("current", "previous"),
    "reason": ("signature", "ansi_1"),
}
_KEYS_OF_IDR: Final = ("number_date", "number_bene", "number_type", "number_claim")
_WORDS: Final = {"rif": "RIF or LDS", "cclf": "CCLF", "idr": "IDR extract"}
#: Files of the feed that hold no claims, persons or drugs.
NO_CLAIMS: Final = {
    "0": "summary statistics",
    "A": "benefit enhancement codes of Part A",
    "B": "benefit enhancement codes of Part B",
}
#: Columns of RIF's files of codes that belong to claims, and hold none.
_CODES_OF_CLAIMS: Final = {
    "CLM_RLT_COND_CD": "condition codes",
    "CLM_RLT_OCRNC_CD": "occurrence codes",
    "CLM_SPAN_CD": "span codes",
    "CLM_VAL_CD": "value codes",
    "DEMO_ID_NUM": "demonstration numbers",
}


class Column(NamedTuple):
    """One column of a layout."""

    layout: str
    files: str
    theirs: str
    level: str
    field: str
    start: int | None
    width: int | None


class Fields(NamedTuple):
    """Fields of one file: the places of the columns that may hold each, the first filled one counts.

    ``families`` are fields that stand in several slots: name → slot → places.
    """

    single: dict[str, list[int]]
    families: dict[str, dict[int, list[int]]]
    used: set[int]

    def __contains__(self, field: object) -> bool:
        return field in self.single or field in self.families


@cache
def rows() -> tuple[Column, ...]:
    """Every row of the table of layouts."""
    found = reference.table("cms_layouts").to_pylist()
    return tuple(Column(*(row[name] for name in Column._fields)) for row in found)


@cache
def codes(field: str) -> dict[str, str]:
    """What the codes of a field stand for."""
    return {
        row["code"]: row["meaning"]
        for row in reference.table("cms_codes").to_pylist()
        if row["field"] == field
    }


@cache
def _groups() -> dict[tuple[str, str], tuple[Column, ...]]:
    """Columns by layout and kind of file; columns of several kinds stand in each of them."""
    kinds = dict.fromkeys((row.layout, row.files) for row in rows())
    general = [
        (layout, files)
        for layout, files in kinds
        if files == "carrier dme outpatient inpatient snf hha hospice"
    ]
    groups = {}
    for layout, files in kinds:
        if (layout, files) in general:
            continue
        shared = [f for at, f in general if at == layout and files.split()[0] in f.split()]
        groups[layout, files] = tuple(
            row for row in rows() if row.layout == layout and row.files in (files, *shared)
        )
    return groups


@cache
def _names() -> tuple[frozenset[str], re.Pattern[str]]:
    """Names of columns that are said in full, and a pattern of those with a slot."""
    every = {row.theirs for row in rows()}
    slotted = [re.escape(name).replace("@", _SLOT.replace("(", "(?:")) for name in every if "@" in name]
    return frozenset(name for name in every if "@" not in name), re.compile("|".join(sorted(slotted)))


def known(cells: Iterable[str]) -> int:
    """How many cells are names of columns of these layouts."""
    plain, slotted = _names()
    upper = [cell.strip().upper() for cell in cells]
    return sum(name in plain or bool(slotted.fullmatch(name)) for name in upper)


def kind_of(columns: Collection[str]) -> str | None:
    """The layout and files that columns are of, such as ``cclf 5``; None where they are of none."""
    upper = {name.strip().upper() for name in columns}
    best, chosen = 0, None
    for (layout, files), members in _groups().items():
        if layout == "synpuf":
            continue
        hits = known_here(upper, rows_of_idr() if layout == "idr" and files != "ansi" else members)
        fields = {row.field for row in members if row.theirs in upper}
        if hits > best and _suffices(layout, files, fields, members, upper):
            best, chosen = hits, f"{layout} {files}"
    return chosen


def known_here(upper: Collection[str], members: Sequence[Column]) -> int:
    """How many names are of these columns."""
    return len({row.theirs for row in members if row.theirs in upper})


def _suffices(
    layout: str, files: str, fields: set[str], members: Sequence[Column], upper: Collection[str]
) -> bool:
    """Whether the fields make a file of the kind."""
    if layout == "idr" and files != "ansi":
        every = {row.field for row in rows_of_idr() if row.theirs in upper}
        return set(_KEYS_OF_IDR) <= every and len(every - {"type_code"}) > len(_KEYS_OF_IDR)
    if layout == "cclf" and files in NO_CLAIMS:
        return "CUR_CLM_UNIQ_ID" in upper and any("NGACO" in name for name in upper)
    level = next((row.level for row in members if row.level in _NEEDED), "claim")
    return set(_NEEDED[level]) <= fields and (level != "claim" or len(fields) > 3)


def is_extract(columns: Collection[str]) -> bool:
    """Whether columns have the keys of the IDR's extracts."""
    keys = {row.theirs for row in rows_of_idr() if row.field in _KEYS_OF_IDR}
    return keys <= {name.strip().upper() for name in columns}


def codes_of_claims(columns: Collection[str]) -> str | None:
    """What a file of codes beside claims holds; None for others."""
    upper = {name.strip().upper() for name in columns}
    if "CLM_ID" not in upper:
        return None
    return next((what for name, what in _CODES_OF_CLAIMS.items() if name in upper), None)


def word(kind: str) -> str:
    """What messages call a kind of file."""
    layout, files = kind.split(" ", 1)
    return f"{_WORDS.get(layout, layout)} ({files})" if layout != "cclf" else f"CCLF{files[0]}"


def fields(kind: str, columns: Sequence[str]) -> Fields:
    """Which columns of a file hold which fields."""
    layout, files = kind.removesuffix(" fixed").split(" ", 1)
    places = {name.strip().upper(): at for at, name in reversed([*enumerate(columns)])}
    found = Fields({}, {}, set())
    members = rows_of_idr() if layout == "idr" and files != "ansi" else _groups()[layout, files]
    for row in members:
        if not row.field:
            continue
        for name, slot in _matching(row.theirs, places):
            field, own = row.field, slot
            if numbered := re.fullmatch(r"(other)(\d+)", field):
                field, own = numbered[1] + "@", int(numbered[2])
            if own is None:
                found.single.setdefault(field, []).append(places[name])
            else:
                found.families.setdefault(field.replace("@", ""), {}).setdefault(own, []).append(places[name])
            found.used.add(places[name])
    return found


@cache
def rows_of_idr() -> tuple[Column, ...]:
    """Columns of the extracts of the IDR, whose files share keys and are read alike."""
    return tuple(row for row in rows() if row.layout == "idr" and row.files != "ansi")


def _matching(theirs: str, places: dict[str, int]) -> list[tuple[str, int | None]]:
    """The columns of a file that a name stands for, with their slots."""
    if "@" not in theirs:
        return [(theirs, None)] if theirs in places else []
    pattern = re.compile(re.escape(theirs).replace("@", _SLOT))
    found = ((name, pattern.fullmatch(name)) for name in places)
    return [(name, _MONTHS.get(match[1]) or int(match[1])) for name, match in found if match]


@cache
def positions(file: str) -> tuple[Column, ...]:
    """The columns of a file of the feed in CMS's fixed width, in order."""
    return tuple(row for row in rows() if row.layout == "cclf" and row.files == file and row.start)
