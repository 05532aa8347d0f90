"""Medicare coverage policies: which diagnoses support which procedures, by LCD or Article, contractor and date.

Layout: the CSV download of the Medicare Coverage Database (``all_article.zip``, ``current_lcd.zip`` and the like:
a zip of a zip of CSV files, with a data dictionary): article.csv (article_id, article_version, title, status,
article_eff_date, article_end_date, article_rev_end_date, date_retired, last_updated), article_x_hcpc_code.csv
(hcpc_code_id, hcpc_code_group), article_x_icd10_covered.csv (icd10_code_id, icd10_covered_group),
article_x_icd10_noncovered.csv, article_x_contractor.csv, contractor.csv (contractor_number,
contractor_bus_name); of an LCD lcd.csv (rev_eff_date, rev_end_date, ent_det_end_date, date_retired) and lcd_x_….csv
alike. Since 2019 the code lists are in Articles. LCDs and Articles are each an edition of their own.

A version holds from its effective date to the earliest of its end dates, the day of its retirement and the day before
the next version of the document. Proposed and draft versions are no policy and are left out, and so is a retired one
without a day. The edition's day is the last on which anything in it was updated, else the day in the zip file's name;
``effective_from`` says another.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import pyarrow as pa

from cpticd.core.errors import InputError
from cpticd.reference.layouts.files import Reading, Source, published_day, table

KEY: Final = ("document", "version", "role", "code_group", "code")
_COLUMNS: Final = {
    "document": pa.string(),
    "version": pa.int32(),
    "title": pa.string(),
    "role": pa.string(),
    "code_group": pa.int32(),
    "code": pa.string(),
    "effective_from": pa.date32(),
    "effective_to": pa.date32(),
}
#: Role of the codes of each list, the column of the code and of its group.
_LISTS: Final = {
    "x_hcpc_code": ("procedure", "hcpc_code_id", "hcpc_code_group"),
    "x_icd10_covered": ("covered", "icd10_code_id", "icd10_covered_group"),
    "x_icd10_noncovered": ("not covered", "icd10_code_id", "icd10_noncovered_group"),
}
_STARTS: Final = {"article": ("article_eff_date",), "lcd": ("rev_eff_date", "orig_det_eff_date")}
_ENDS: Final = {
    "article": ("article_end_date", "article_rev_end_date", "date_retired"),
    "lcd": ("ent_det_end_date", "rev_end_date", "date_retired"),
}
#: First letter of a status that is no policy: proposed, draft, in work, withdrawn.
_NO_POLICY: Final = ("P", "D", "I", "W")
_NEEDED: Final = "pass the zip file of the CSV download"
_LETTERS: Final = {"article": "A", "lcd": "L"}


@dataclass
class _Edition:
    """The versions of one kind of document: title, first and last day by document and version; what was left out."""

    documents: dict[tuple[str, int], tuple[str, date | None, date | None]]
    no_policy: int
    undated: int
    day: date | None


def tells(file: Source) -> bool:
    """Whether a file is of the coverage download: its table of documents, or one of their lists."""
    head = [cell.lower() for _, cells in file.head(1) for cell in cells] if file.suffix == ".csv" else []
    return any(f"{kind}_id" in head and f"{kind}_version" in head for kind in _LETTERS)


def read(files: Sequence[Source]) -> list[Reading]:
    """One row per document version, role, group and code: a procedure, a diagnosis, or a contractor.

    document    A and the Article's number, or L and the LCD's; version its version
    title       the policy's; of a contractor its name
    role        procedure, covered, not covered, contractor
    code_group  number of the group on the policy; 0 where the file has none
    code        procedure or diagnosis without a dot; contractor number, or its id where the number is not given

    LCDs and Articles are a reading each (setting).
    """
    by_name = {file.name.lower(): file for file in files}
    kinds = [kind for kind in _LETTERS if f"{kind}.csv" in by_name]
    if not kinds:
        raise InputError(f"coverage: neither article.csv nor lcd.csv in {sorted(by_name)[:10]}; {_NEEDED}")
    readings = []
    for kind in kinds:
        edition = _edition(kind, by_name)
        rows = list(dict.fromkeys(_rows(kind, by_name, edition.documents)))
        if not rows and len(kinds) > 1:
            continue  # LCDs have had no lists of codes since 2019
        notes = [f"{edition.no_policy:,} versions of {kind}.csv are proposed or drafts: left out"]
        notes += [
            f"{edition.undated:,} retired versions of {kind}.csv have no day on which they ended: left out"
        ]
        said = [
            note for note, count in zip(notes, (edition.no_policy, edition.undated), strict=True) if count
        ]
        day = edition.day or _named_day(by_name[f"{kind}.csv"])
        name = f"{day:%Y-%m-%d}" if day else ""
        readings.append(
            Reading(table(rows, _COLUMNS, name=f"{kind}.csv"), name, day, kind, notes=tuple(said))
        )
    if not readings:
        raise InputError(
            f"coverage: no list of codes beside {', '.join(f'{k}.csv' for k in kinds)}; {_NEEDED}"
        )
    return readings


def _named_day(file: Source) -> date | None:
    """The day in the name of a zip file, where nothing in it says when it was updated."""
    found = (
        re.search(r"(20\d\d)[-_]?(0[1-9]|1[0-2])[-_]?(0[1-9]|[12]\d|3[01])(?!\d)", name)
        for name in file.names
    )
    part = next(filter(None, found), None)
    return date(int(part[1]), int(part[2]), int(part[3])) if part else None


def _edition(kind: str, files: dict[str, Source]) -> _Edition:
    """Every version with the days between which it holds."""
    found: dict[tuple[str, int], tuple[str, date | None, date | None]] = {}
    no_policy = undated = 0
    updated: list[date] = []
    for line, row in _table(files, f"{kind}.csv", (f"{kind}_id", f"{kind}_version", "title")):
        where = f"{kind}.csv:{line}"
        status = (row.get("status") or "").strip().upper()[:1]
        first = next(iter(_days(row, _STARTS[kind], where)), None)
        ends = _days(row, _ENDS[kind], where)
        updated += _days(row, ("last_updated",), where)
        if status in _NO_POLICY:
            no_policy += 1
        elif status == "R" and not ends:
            undated += 1
        else:
            found[_key(kind, row, where)] = (row["title"].strip(), first, min(ends, default=None))
    return _Edition(_until_next(found), no_policy, undated, max(updated, default=None))


def _until_next(
    documents: dict[tuple[str, int], tuple[str, date | None, date | None]],
) -> dict[tuple[str, int], tuple[str, date | None, date | None]]:
    """Each version, ended on the day before the next version of its document at the latest."""
    ended = {}
    following: dict[str, date] = {}
    for (document, version), (title, first, last) in sorted(documents.items(), reverse=True):
        ends = [last] if last else []
        if document in following and (first is None or first <= following[document]):
            ends.append(following[document] - timedelta(days=1))
        ended[document, version] = (title, first, min(ends, default=None))
        if first is not None:
            following[document] = min(first, following.get(document, first))
    return dict(sorted(ended.items()))


def _rows(
    kind: str,
    files: dict[str, Source],
    documents: dict[tuple[str, int], tuple[str, date | None, date | None]],
) -> Iterator[tuple[object, ...]]:
    for name, (role, code, group) in _LISTS.items():
        file = f"{kind}_{name}.csv"
        if file not in files:
            continue
        for line, row in _table(files, file, (f"{kind}_id", f"{kind}_version", code)):
            key = _key(kind, row, f"{file}:{line}")
            if key not in documents or not row[code].strip():
                continue
            title, first, last = documents[key]
            place = row.get(group) or "0"
            plain = row[code].replace(".", "").strip().upper()
            yield (*key, title, role, int(place) if place.isdigit() else 0, plain, first, last)
    for key, contractors in _contractors(kind, files).items():
        if key in documents:
            _, first, last = documents[key]
            for number, name in contractors:
                yield (*key, name, "contractor", 0, number, first, last)


def _contractors(kind: str, files: dict[str, Source]) -> dict[tuple[str, int], list[tuple[str, str]]]:
    """Number and name of the contractors, by document and version."""
    names = {}
    if "contractor.csv" in files:
        for _, row in _table(files, "contractor.csv", ("contractor_id",)):
            number = (row.get("contractor_number") or row["contractor_id"]).strip()
            names[row["contractor_id"]] = (number, (row.get("contractor_bus_name") or "").strip())
    found: dict[tuple[str, int], list[tuple[str, str]]] = {}
    file = f"{kind}_x_contractor.csv"
    if file in files:
        for line, row in _table(files, file, (f"{kind}_id", f"{kind}_version", "contractor_id")):
            own = names.get(row["contractor_id"], (row["contractor_id"].strip(), ""))
            listed = found.setdefault(_key(kind, row, f"{file}:{line}"), [])
            if own not in listed:
                listed.append(own)
    return found


def _table(
    files: dict[str, Source], name: str, needed: Sequence[str]
) -> Iterator[tuple[int, dict[str, str]]]:
    csv.field_size_limit(64 * 1024 * 1024)  # A policy's text is one cell.
    reader = csv.DictReader(io.StringIO(files[name].text()))
    missing = [column for column in needed if column not in (reader.fieldnames or [])]
    if missing:
        raise InputError(
            f"{name}: no column {missing}; found {list(reader.fieldnames or [])[:12]}; pass the CSV download"
        )
    for row in reader:
        yield (
            reader.line_num,
            {column: value or "" for column, value in row.items() if isinstance(column, str)},
        )


def _key(kind: str, row: dict[str, str], where: str) -> tuple[str, int]:
    number, version = row[f"{kind}_id"].strip(), row[f"{kind}_version"].strip()
    if not number.isdigit() or not version.isdigit():
        raise InputError(f"{where}: found {kind}_id {number!r} and version {version!r}; expected two numbers")
    return f"{_LETTERS[kind]}{number}", int(version)


def _days(row: dict[str, str], columns: Sequence[str], where: str) -> list[date]:
    days = (published_day(row.get(column, ""), where=where) for column in columns)
    return [day for day in days if day is not None]
