"""Columns that go with others by their headings, where their content agrees: dollars of a reason, days of posting."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final, Protocol

from cpticd.loaders.flat import headings
from cpticd.loaders.flat.headings import Guess

#: Rows with dollars that are asked for, and the share of them that must agree.
_ROWS: Final = 3
_SHARE: Final = 0.95
_CENT: Final = 0.005
#: Words of a heading that say what the column holds, not of what.
_WHAT: Final = {
    "code",
    "codes",
    "reason",
    "reasons",
    "number",
    "id",
    "amount",
    "text",
    "description",
    "dollars",
}
#: What stands in rows that a payer has answered.
_ANSWERS: Final = re.compile(
    r"paid_amount|claim_paid_amount|allowed_amount|patient_responsibility_amount|status|denial_flag"
    r"|(carc|adjustment|rarc|adjustment_amount)_\d+"
)
_LINE: Final = (
    "claim_id",
    "claim_line_number",
    "claim_line_start_date",
    "hcpcs_code",
    "charge_amount",
    "paid_amount",
)

#: The line of a row, its dollars, charge and payment.
_Row = tuple[tuple["str | None", ...], float, float, float]


class Cells(Protocol):
    """Cells of the columns of a part of the rows."""

    def texts(self, place: int) -> list[str | None]:
        """Those of one column, one a row."""

    def numbers(self, place: int) -> list[float | None]:
        """The same as numbers, none where a cell holds none."""


def amounts(guesses: list[Guess], cells: Cells) -> list[Guess]:
    """The guesses; dollars under a heading such as "Remittance Amount" beside a "Remit Code" are that reason's.

    They are where they nowhere come to more than the payment leaves of the charge; else the column is not used, and
    that is what is noted of it.
    """
    found = list(guesses)
    taken = {each.meaning for each in guesses}
    for place, each in enumerate(guesses):
        words = headings.words(each.column)
        if each.meaning or each.by_user or not {"amount", "dollars"} & {*words}:
            continue
        for beside, reason in enumerate(guesses):
            name, _, number = (reason.meaning or "").rpartition("_")
            target = f"adjustment_amount_{number}"
            if name not in ("carc", "adjustment") or target in taken or not _alike(words, reason.column):
                continue
            rows = _rows(guesses, cells, place, beside)
            if _agree(rows):
                note = f"dollars of {reason.column!r}: {_balance(rows)}"
                found[place] = replace(each, meaning=target, why="", is_sure=False, note=note)
                taken.add(target)
            else:
                why = f"perhaps the dollars of {reason.column!r}, but charge and payment do not show it"
                found[place] = replace(each, why=f"{why}; rename={{{each.column!r}: {target!r}}} if they are")
            break
    return found


def _alike(words: list[str], heading: str) -> bool:
    """Whether two headings speak of the same, but for what of it they hold: remit code and remittance amount."""
    one, other = (
        {word[:5] for word in each if word not in _WHAT} for each in (words, headings.words(heading))
    )
    return bool(one) and one == other


def _rows(guesses: list[Guess], cells: Cells, place: int, beside: int) -> list[_Row]:
    """Line, dollars, charge and payment of the rows that have all of them and a reason."""
    at = {each.meaning: n for n, each in enumerate(guesses) if each.meaning}
    if not {"charge_amount", "paid_amount"} <= {*at}:
        return []
    keys = zip(*(cells.texts(at[name]) for name in _LINE if name in at), strict=True)
    columns = (cells.numbers(place), cells.numbers(at["charge_amount"]), cells.numbers(at["paid_amount"]))
    return [
        (key, dollars, charge, paid)
        for key, reason, dollars, charge, paid in zip(keys, cells.texts(beside), *columns, strict=True)
        if reason and dollars is not None and charge is not None and paid is not None
    ]


def _agree(rows: list[_Row]) -> bool:
    """Whether dollars are parts of what payments leave of charges, and not the payments themselves."""
    some = [row for row in rows if row[1]]
    if len(some) < _ROWS or all(abs(dollars - paid) < _CENT for _, dollars, _, paid in some):
        return False
    return sum(0 < dollars <= charge - paid + _CENT for _, dollars, charge, paid in some) >= _SHARE * len(
        some
    )


def _balance(rows: list[_Row]) -> str:
    """For how many lines charge - dollars = payment."""
    lines = {key: charge - paid for key, _, charge, paid in rows}
    for key, dollars, _, _ in rows:
        lines[key] -= dollars
    even = sum(abs(rest) < _CENT for rest in lines.values())
    return f"charge less them is the payment of {even:,} of {len(lines):,} lines looked at"


def not_paid_days(guesses: list[Guess], cells: Cells) -> dict[tuple[str, str | None], str]:
    """Days of posting that stand in rows without an answer of a payer: charges were posted, not payments."""
    found: dict[tuple[str, str | None], str] = {}
    for place, each in enumerate(guesses):
        if each.meaning != "paid_date" or each.by_user or not _is_posting(each.column):
            continue
        answers = [
            cells.texts(n) for n, other in enumerate(guesses) if _ANSWERS.fullmatch(other.meaning or "")
        ]
        rows = [any(row) for day, *row in zip(cells.texts(place), *answers, strict=True) if day]
        if rows and sum(rows) < _SHARE * len(rows):
            found[each.column, each.meaning] = (
                f"{len(rows) - sum(rows):,} of {len(rows):,} rows with a day have no payment, status or reason: "
                "when charges were posted, perhaps"
            )
    return found


def _is_posting(heading: str) -> bool:
    words = {*headings.words(heading)}
    named = {"payment", "payments", "remit", "remittance", "era", "eob", "check", "paid"}
    return any(word.startswith(("post", "deposit")) for word in words) and not words & named
