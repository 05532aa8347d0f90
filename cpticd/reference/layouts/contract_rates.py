"""What a payer pays by contract or by its fee schedule: an amount for one unit of a procedure.

Layout: CSV, tabs or Excel with headings in any order. code (or hcpcs_code, cpt) and amount (or allowed_amount, fee,
rate) are needed, US dollars for one unit; payer (as the claims name it), payer_kind, modifier, place (place of service,
or place_of_service_code), effective_from and effective_to (both inclusive) may be there. An empty cell is any payer,
kind, place or day; an empty modifier is a line without one. A code of four digits is a revenue center: the amount is
of one unit of a line that has no procedure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import pyarrow as pa

from cpticd.core.code_form import normal_text
from cpticd.core.errors import InputError
from cpticd.reference.layouts.files import Reading, Source, named, only, published_day, table

KEY: Final = ("payer", "payer_kind", "code", "modifier", "place", "effective_from")
_HEADINGS: Final = {
    "code": ("code", "hcpcs_code", "hcpcs", "cpt", "cpt_code", "procedure"),
    "amount": ("amount", "allowed_amount", "allowed", "fee", "rate"),
    "payer": ("payer",), "payer_kind": ("payer_kind",), "modifier": ("modifier", "mod"),
    "place": ("place", "place_of_service", "place_of_service_code", "pos"),
    "effective_from": ("effective_from",), "effective_to": ("effective_to",),
}  # fmt: skip
_NEEDED: Final = ("code", "amount")
_COLUMNS: Final = {
    **dict.fromkeys(("payer", "payer_kind", "code", "modifier", "place"), pa.string()), "amount": pa.float64(),
    "effective_from": pa.date32(), "effective_to": pa.date32(),
}  # fmt: skip


def read(files: Sequence[Source]) -> Reading:
    """One row per payer, procedure, modifier, place and first day: with the amount of one unit."""
    file = only(files, (".csv", ".txt", ".tsv", ".xlsx"), "contract rates")
    start, heading, there, rows = named(file, _HEADINGS)
    if missing := [column for column in _NEEDED if column not in there]:
        raise InputError(f"{start}: no column {missing}; found {heading}; code and amount are needed")
    found = []
    for where, row in rows:
        found.append(
            (
                row["payer"], row["payer_kind"].lower(), _code(row["code"], where), normal_text(row["modifier"]),
                row["place"], _amount(row["amount"], where),
                published_day(row["effective_from"], where=where), published_day(row["effective_to"], where=where),
            )
        )  # fmt: skip
    days = [row[6] for row in found if row[6] is not None]
    return Reading(table(found, _COLUMNS, name=file.name), "", min(days, default=None))


def _code(text: str, where: str) -> str:
    code = normal_text(text)
    if not code:
        raise InputError(f"{where}: found no procedure code; give one on every row")
    return code


def _amount(text: str, where: str) -> float:
    try:
        amount = float(text.replace("$", "").replace(",", ""))
    except ValueError as error:
        raise InputError(f"{where}: found {text!r} where US dollars were expected") from error
    if not math.isfinite(amount) or amount < 0:
        raise InputError(f"{where}: found {text!r}; an amount is 0 or more")
    return amount
