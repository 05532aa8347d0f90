"""Writes claims as X12 5010 files: 837 professional and institutional, 835.

Names, addresses and account numbers are made up and look it (PATIENT 000123); identifiers, codes, dates and
amounts are those of the tables, so that reading the files back gives the same tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import pyarrow as pa
import pyarrow.compute as pc

from cpticd.core.errors import ArgumentError, OutputExistsError
from cpticd.core.schema import TABLES

if TYPE_CHECKING:
    from cpticd.claims import Claims
    from cpticd.simulation.simulation import Simulation

#: File, functional group, version of the implementation guide.
FILES = {
    "professional": ("claims-professional.837", "HC", "005010X222A1"),
    "institutional": ("claims-institutional.837", "HC", "005010X223A2"),
    "remittances": ("remittances.835", "HP", "005010X221A1"),
}
SENDER, RECEIVER = "SIMSENDER", "SIMRECEIVER"
ADDRESS = ("N3*1 SIMULATION WAY", "N4*TESTVILLE*OH*432150000")
NO_DAY = "19000101"


def write_x12(data: Simulation | Claims, folder: str | Path, *, overwrite: bool = False) -> list[Path]:
    """Write 837P, 837I and 835 files into ``folder``; returns the paths of those written.

    ``data`` — a Simulation or any Claims. ``folder`` is made if need be; a file of ours that is there already
    raises OutputExistsError unless ``overwrite``. Claims are sent in one transaction set per day of receipt,
    remittances in one per payer and day. A claim's number is its claim_id; a line's control number (REF*6R)
    is its line number. Of the members only birth date and sex fit into these files; claims without a type
    are written as professional.
    """
    from cpticd.simulation.x12_claims import claim_sets
    from cpticd.simulation.x12_remits import remittance_sets

    claims: Claims = data if hasattr(data, "engine") else data.claims  # type: ignore[assignment]
    target = Path(folder)
    if target.exists() and not target.is_dir():
        raise ArgumentError(f"{target} is a file; name a folder")
    paths = {kind: target / name for kind, (name, _, _) in FILES.items()}
    there = [str(path) for path in paths.values() if path.exists()]
    if there and not overwrite:
        raise OutputExistsError(f"{', '.join(there)}: there already; pass overwrite=True to replace")
    target.mkdir(parents=True, exist_ok=True)
    store = Store(claims)
    written = []
    for kind, path in paths.items():
        sets = remittance_sets(store) if kind == "remittances" else claim_sets(store, kind)
        with path.open("w", encoding="utf-8", newline="\n") as file:
            count = _interchange(file, sets, *FILES[kind][1:])
        if count:
            written.append(path)
        else:
            path.unlink()
    return written


def _interchange(file: TextIO, sets: Iterable[tuple[str, list[str]]], group: str, version: str) -> int:
    """Write one interchange of transaction sets (day, segments between ST and SE); returns how many."""
    kind = "837" if group == "HC" else "835"
    count = 0
    day = NO_DAY
    for day, segments in sets:
        if not count:
            file.write(
                f"ISA*00*{'':10}*00*{'':10}*ZZ*{SENDER:15}*ZZ*{RECEIVER:15}*{day[2:]}*0000*^*00501*000000001*0*T*:~\n"
                f"GS*{group}*{SENDER}*{RECEIVER}*{day}*0000*1*X*{version}~\n"
            )
        count += 1
        control = f"{count:04d}"
        guide = f"*{version}" if kind == "837" else ""
        file.write(f"ST*{kind}*{control}{guide}~\n")
        file.write("~\n".join(segments))
        file.write(f"~\nSE*{len(segments) + 2}*{control}~\n")
    if count:
        file.write(f"GE*{count}*1~\nIEA*1*000000001~\n")
    return count


class Store:
    """The tables of claims as columns of text, in the order of their keys."""

    def __init__(self, claims: Claims) -> None:
        self._claims = claims
        facts = self.columns("members", "person_id")
        sexes = {"female": "F", "male": "M"}
        self.member = {
            person: (birth, sexes.get(sex, "U"))
            for person, birth, sex in zip(facts["person_id"], facts["birth_date"], facts["sex"], strict=True)
        }

    def columns(self, table: str, order: str | None = None, kind: str | None = None) -> dict[str, list[str]]:
        """Every column of a table as text: dates CCYYMMDD, amounts without needless zeros, null as blank.

        ``kind`` keeps the rows of institutional or of the other claims.
        """
        key = order or ", ".join(TABLES[table].key)
        among = ""
        if kind is not None:
            sign = "=" if kind == "institutional" else "<>"
            among = (
                "WHERE claim_id IN (SELECT claim_id FROM claims "
                f"WHERE coalesce(claim_type, 'professional') {sign} 'institutional')"
            )
        found = self._claims.engine.fetch(f"SELECT * FROM {table} {among} ORDER BY {key}")
        return {name: _texts(found.column(name)) for name in TABLES[table].names}

    def rows(self, table: str) -> Iterator[dict[str, str]]:
        """Rows of a table as dictionaries of text."""
        columns = self.columns(table)
        for values in zip(*columns.values(), strict=True):
            yield dict(zip(columns, values, strict=True))

    def by_claim(self, table: str, kind: str | None = None) -> Iterator[tuple[str, list[dict[str, str]]]]:
        """(claim_id, rows) of a table, one claim after the other in the order of claim_id."""
        columns = self.columns(table, kind=kind)
        names = list(columns)
        claim = None
        rows: list[dict[str, str]] = []
        for values in zip(*columns.values(), strict=True):
            if values[0] != claim and rows:
                yield claim, rows  # type: ignore[misc]
                rows = []
            claim = values[0]
            rows.append(dict(zip(names, values, strict=True)))
        if rows:
            yield claim, rows  # type: ignore[misc]


class Follower:
    """Rows of a table for claims that are asked for in the order of claim_id."""

    def __init__(self, groups: Iterator[tuple[str, list[dict[str, str]]]]) -> None:
        self._groups = groups
        self._next = next(groups, None)

    def __call__(self, claim: str) -> list[dict[str, str]]:
        while self._next is not None and self._next[0] < claim:
            self._next = next(self._groups, None)
        return self._next[1] if self._next is not None and self._next[0] == claim else []


def _texts(column: pa.ChunkedArray) -> list[str]:
    kind = column.type
    if pa.types.is_date(kind):
        column = pc.strftime(column, format="%Y%m%d")
    elif pa.types.is_decimal(kind):
        column = pc.cast(column, pa.string())
        column = pc.replace_substring_regex(column, pattern=r"(\.\d*?)0+$", replacement=r"\1")
        column = pc.utf8_rtrim(column, characters=".")
    elif not pa.types.is_string(kind):
        column = pc.cast(column, pa.string())
    return pc.fill_null(column, "").to_pylist()


def clean(text: str, most: int = 60) -> str:
    """Text that holds none of the delimiters."""
    return text.translate(str.maketrans("*~:^\n\r", "      ")).strip()[:most]


def segment(*elements: str) -> str:
    """Elements joined, without those that are blank at the end."""
    return "*".join(elements).rstrip("*")


def composite(*components: str) -> str:
    """Components joined, without those that are blank at the end."""
    return ":".join(components).rstrip(":")


def service(row: dict[str, str], code: str | None = None) -> str:
    """Procedure composite of a line: HC, code, modifiers; blank where there is no code."""
    found = row["hcpcs_code"] if code is None else code
    if not found:
        return ""
    return composite("HC", found, *(row[f"hcpcs_modifier_{i}"] for i in range(1, 5)))


def patient(person: str, qualifier: str) -> str:
    """NM1 of a person under a made-up name."""
    digits = "".join(filter(str.isdigit, person)) or "000000"
    return segment(
        "NM1", qualifier, "1", "PATIENT", digits[:25], "", "", "", "MI", clean(person, 80) or "UNKNOWN"
    )


def organization(qualifier: str, name: str, kind: str, number: str) -> str:
    """NM1 of an organization."""
    return segment(
        "NM1", qualifier, "2", clean(name) or "UNKNOWN", "", "", "", "", kind, clean(number) or "UNKNOWN"
    )


def period(start: str, end: str) -> tuple[str, str]:
    """Qualifier and value of a day, or of a range of days."""
    if end and end != start:
        return "RD8", f"{start}-{end}"
    return "D8", start
