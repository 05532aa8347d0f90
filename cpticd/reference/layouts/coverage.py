"""Medicare coverage policies: which diagnoses support which procedures, by LCD or Article, contractor and date.

Layout: the CSV download of the Medicare Coverage Database (``all_article.zip``, ``current_lcd.zip`` and the like:
a zip of a zip of CSV files, with a data dictionary): article.csv (article_id, article_version, title, status,
article_eff_date, article_end_date or article_rev_end_date), article_x_hcpc_code.csv (hcpc_code_id,
hcpc_code_group), article_x_icd10_covered.csv (icd10_code_id, icd10_covered_group),
article_x_icd10_noncovered.csv, article_x_contractor.csv, contractor.csv (contractor_number,
contractor_bus_name); of an LCD lcd.csv (rev_eff_date, ent_det_end_date) and lcd_x_….csv alike. Since 2019 the
code lists are in Articles.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date
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
    "article": ("article_end_date", "article_rev_end_date"),
    "lcd": ("ent_det_end_date", "rev_end_date"),
}
_LETTERS: Final = {"article": "A", "lcd": "L"}


def read(files: Sequence[Source]) -> Reading:
    """One row per document version, role, group and code: a procedure, a diagnosis, or a contractor.

    document    A and the Article's number, or L and the LCD's; version its version
    title       the policy's; of a contractor its name
    role        procedure, covered, not covered, contractor
    code_group  number of the group on the policy; 0 where the file has none
    code        procedure or diagnosis without a dot; contractor number, or its id where the number is not given
    """
    by_name = {file.name.lower(): file for file in files}
    kinds = [kind for kind in _LETTERS if f"{kind}.csv" in by_name]
    if not kinds:
        raise InputError(
            f"coverage: neither article.csv nor lcd.csv in {sorted(by_name)[:10]}; "
            "pass the zip file of the CSV download"
        )
    rows: list[tuple[object, ...]] = []
    for kind in kinds:
        rows += _documents(kind, by_name)
    return Reading(table(list(dict.fromkeys(rows)), _COLUMNS, name=f"{kinds[0]}.csv"), "", None)


def _documents(kind: str, files: dict[str, Source]) -> Iterator[tuple[object, ...]]:
    documents = {}
    for line, row in _table(files, f"{kind}.csv", (f"{kind}_id", f"{kind}_version", "title")):
        where = f"{kind}.csv:{line}"
        first, last = _day(row, _STARTS[kind], where), _day(row, _ENDS[kind], where)
        documents[_key(kind, row, where)] = (row["title"].strip(), first, last)
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


def _day(row: dict[str, str], columns: Sequence[str], where: str) -> date | None:
    days = (published_day(row.get(column, ""), where=where) for column in columns)
    return next((day for day in days if day is not None), None)
