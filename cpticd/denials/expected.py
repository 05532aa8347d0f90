"""What would have been allowed: the price of a denied service, by what payers allowed for the same one."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from cpticd import sql
from cpticd.core.apart import whole
from cpticd.core.errors import ArgumentError
from cpticd.core.session import Session
from cpticd.reference import store

#: Fewest services that a median is taken of.
LEAST: Final = 5
#: What a contract says of the expected amounts.
WORDS: Final = (
    "expected allowed: median of what this payer allowed for one unit of the procedure, with its modifiers and place, "
    f"in the last year, of at least {LEAST} services; else of other payers of the kind; else a contract or fee "
    "schedule that was added (reference.add('contract_rates', …)); never the charge"
)
#: Prices that are there, in the place of those that a statement works out.
_OF_ALL: Final = "own AS (SELECT * FROM own_prices), others AS (SELECT * FROM other_prices)"
_COLUMNS: Final = {
    "payer": pa.string(), "payer_kind": pa.string(), "code": pa.string(), "modifier": pa.string(), "place": pa.string(),
    "amount": pa.float64(), "effective_from": pa.date32(), "effective_to": pa.date32(),
}  # fmt: skip


def contract_rates(folder: str | Path | None = None) -> pa.Table:
    """One row per contract rate that the user added; none where none was."""
    try:
        found = store.release("contract_rates", folder=folder)
    except ArgumentError:
        return pa.table({name: pa.array([], kind) for name, kind in _COLUMNS.items()})
    return found.select(list(_COLUMNS)).cast(pa.schema(list(_COLUMNS.items())))


def prices(s: Session, wanted: str, day: str, *, folder: str | Path | None = None) -> str:
    """A relation of prices: claim_id, claim_line_number, expected, expected_source, expected_lines; returns its name.

    ``wanted``: a relation of claim_id and claim_line_number; ``day``: SQL of the day up to which a year is looked at.
    """
    prices = sql.text("denials/prices").format(day=day, least=LEAST)
    if (own := whole("own")) is not None and (others := whole("others")) is not None:
        s.load("own_prices", own)
        s.load("other_prices", others)
        prices = _OF_ALL
    return s.create(
        "expected_prices", sql.text("denials/expected_prices"), wanted=wanted, day=day, prices=prices,
        priced=sql.text("denials/priced").format(wanted=wanted),
        contract=contract_amounts(s, wanted, folder=folder),
    )  # fmt: skip


def of_all(s: Session, wanted: str, day: str) -> dict[str, pa.Table]:
    """What payers allowed for one unit, by payer and procedure, as ``prices`` reads it where it sees some persons."""
    parts = (
        sql.text("denials/priced").format(wanted=wanted),
        sql.text("denials/prices").format(day=day, least=LEAST),
    )
    return {name: s.fetch(f"WITH {', '.join(parts)} SELECT * FROM {name}") for name in ("own", "others")}


def contract_amounts(s: Session, wanted: str, *, folder: str | Path | None = None) -> str:
    """SQL of what the user's contracts give for one unit: claim_id, claim_line_number, amount."""
    if not s.has("contract_rates"):
        s.load("contract_rates", contract_rates(folder))
    return sql.text("denials/contract_amounts").format(wanted=wanted)


def last_day(s: Session) -> Any:
    """The last adjudication date in the data set."""
    return s.value("SELECT max(paid_date) AS day FROM main.adjudications")


def literal(day: Any) -> str:
    """A day as SQL; of no day one that nothing precedes."""
    return f"DATE '{day:%Y-%m-%d}'" if day is not None else "DATE '0001-01-02'"
