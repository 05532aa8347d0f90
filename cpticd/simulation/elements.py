"""Pieces of X12 segments, and the rows of claims as the text that stands in them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from cpticd.core.schema import TABLES

if TYPE_CHECKING:
    from cpticd.claims import Claims

Row = dict[str, str]
SENDER, RECEIVER = "SIMSENDER", "SIMRECEIVER"
ADDRESS = ("N3*1 SIMULATION WAY", "N4*TESTVILLE*OH*432150000")
NO_DAY = "19000101"
TRIPLETS = 6  # of reason, amount and quantity in one CAS
#: Claim filing indicators; plans of the marketplace have none of their own and are filed as commercial.
FILING = {
    "medicare advantage": "16",
    "medicaid": "MC",
    "commercial": "CI",
    "marketplace": "CI",
    "tricare or va": "CH",
    "workers compensation": "WC",
    "self pay": "09",
    "other": "OF",
}


def clean(text: str, most: int = 60) -> str:
    """Text that holds none of the delimiters."""
    return text.translate(str.maketrans("*~:^\n\r", "      ")).strip()[:most]


def segment(*elements: str) -> str:
    """Elements joined, without those that are blank at the end."""
    return "*".join(elements).rstrip("*")


def composite(*components: str) -> str:
    """Components joined, without those that are blank at the end."""
    return ":".join(components).rstrip(":")


def service(row: Row, code: str) -> str:
    """Procedure composite of a line: HC, code, modifiers; blank where there is no code."""
    return composite("HC", code, *(row[f"hcpcs_modifier_{i}"] for i in range(1, 5))) if code else ""


def patient(person: str, qualifier: str) -> str:
    """NM1 of a person under a made-up name."""
    digits = "".join(filter(str.isdigit, person)) or "000000"
    number = clean(person, 80) or "UNKNOWN"
    return segment("NM1", qualifier, "1", "PATIENT", digits[:25], "", "", "", "MI", number)


def organization(qualifier: str, name: str, kind: str, number: str) -> str:
    """NM1 of an organization."""
    return segment(
        "NM1", qualifier, "2", clean(name) or "UNKNOWN", "", "", "", "", kind, clean(number) or "UNKNOWN"
    )


def claim_number(head: Row) -> str:
    """The sender's number of a claim, which another claim may bear too; else the one that is unique."""
    return head["source_claim_id"] or head["claim_id"]


def filing(kind: str, institutional: bool) -> str:
    """Claim filing indicator of a kind of payer; ZZ where it has none."""
    if kind == "medicare":
        return "MA" if institutional else "MB"
    return FILING.get(kind, "ZZ")


def period(start: str, end: str) -> tuple[str, str]:
    """Qualifier and value of a day, or of a range of days."""
    return ("RD8", f"{start}-{end}") if end and end != start else ("D8", start)


def service_number(row: Row) -> str:
    """Which service row of its adjudication a row is, or speaks of; blank: the claim as a whole."""
    return row["service_number"] or row["claim_line_number"]


def adjustment_segments(rows: list[Row]) -> list[str]:
    """CAS segments: neighbours of one group share a segment, six reasons at most."""
    blocks: list[list[Row]] = []
    for row in rows:
        same = blocks and blocks[-1][0]["group_code"] == row["group_code"] and len(blocks[-1]) < TRIPLETS
        if same:
            blocks[-1].append(row)
        else:
            blocks.append([row])
    found = []
    for block in blocks:
        triplets = [text for row in block for text in (row["carc"], row["amount"], row["quantity"])]
        found.append(segment("CAS", block[0]["group_code"], *triplets))
    return found


class Extract:
    """The tables of claims as rows of text, in the order of their keys."""

    def __init__(self, claims: Claims) -> None:
        self._claims = claims

    def rows(self, table: str, kind: str | None = None) -> Iterator[Row]:
        """Rows of a table: dates as CCYYMMDD, amounts without needless zeros, null as blank.

        ``kind`` keeps the rows of institutional or of the other claims.
        """
        among = ""
        if kind is not None:
            sign = "=" if kind == "institutional" else "<>"
            among = (
                "WHERE claim_id IN (SELECT claim_id FROM claims "
                f"WHERE coalesce(claim_type, 'professional') {sign} 'institutional')"
            )
        order = ", ".join(TABLES[table].key)
        found = self._claims.engine.fetch(f"SELECT * FROM {table} {among} ORDER BY {order}")
        names = TABLES[table].names
        for values in zip(*(_texts(found.column(name)) for name in names), strict=True):
            yield dict(zip(names, values, strict=True))

    def by_claim(self, table: str, kind: str | None = None) -> Iterator[tuple[str, list[Row]]]:
        """(claim_id, rows) of a table, one claim after the other in the order of claim_id."""
        for claim, found in groupby(self.rows(table, kind), key=itemgetter("claim_id")):
            yield claim, list(found)


class Follower:
    """Rows of a table for claims that are asked for in the order of claim_id."""

    def __init__(self, groups: Iterator[tuple[str, list[Row]]]) -> None:
        self._groups = groups
        self._next = next(groups, None)

    def __call__(self, claim: str) -> list[Row]:
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
