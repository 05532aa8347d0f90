"""How amounts are written: with a decimal comma, or as whole cents; decided by a whole column, never by a cell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final, Protocol

from cpticd.loaders import repair
from cpticd.loaders.flat import headings
from cpticd.loaders.flat.headings import Guess
from cpticd.loaders.intake import Intake
from cpticd.loaders.staging import Staged

#: Ways to write amounts that :class:`Guess` names, and the SQL that turns a cell into the usual way.
COMMA, CENTS = "decimal comma", "cents"
_WHOLE: Final = r"-?[0-9]+([.]0+)?"
_HEAD, _END = r"[-+($€ ]*", r"[-) ]*(CR|USD|EUR|€)?"
_FITS: Final = rf"{_HEAD}([0-9]{{1,3}}([.][0-9]{{3}})+|[0-9]+)(,[0-9]{{1,2}})?{_END}|[$€ ]*[-–—]+ *"
_comma = re.compile(rf"{_HEAD}[0-9.]+,[0-9]{{1,2}}{_END}", re.IGNORECASE)
_point = re.compile(
    rf"{_HEAD}[0-9,]*[.][0-9]{{1,2}}{_END}|{_HEAD}[0-9]{{1,3}}(,[0-9]{{3}})+.*", re.IGNORECASE
)
_thousands = re.compile(rf"{_HEAD}[0-9]{{1,3}}([.][0-9]{{3}})+{_END}", re.IGNORECASE)
_whole = re.compile(_WHOLE)


class Cells(Protocol):
    """The distinct cells of a column of a part of the rows."""

    def of(self, place: int) -> Mapping[str, int]:
        """Those of one column and how many rows have each."""


def usual(cell: str, written: str) -> str:
    """SQL of a cell as dollars with a decimal point are written; a cell of another form stays what it is."""
    if written == COMMA:
        return f"replace(translate({cell}, '.,', ',.'), '€', '')"
    if written == CENTS:
        whole = f"regexp_full_match({cell}, '{_WHOLE}')"
        dollars = f"CAST(TRY_CAST({cell} AS DECIMAL(18,2)) / 100 AS DECIMAL(18,2))"
        # what is no whole number of cents is no amount, and shown as what it is
        return f"CASE WHEN {whole} THEN CAST({dollars} AS VARCHAR) WHEN {cell} IS NOT NULL THEN {cell} || ' cents' END"
    return cell


def _is_money(guess: Guess) -> bool:
    return bool(guess.meaning) and repair.of(guess.meaning or "") is repair.money


def not_cents(guesses: Iterable[Guess], cells: Cells) -> dict[tuple[str, str | None], str]:
    """Columns of cents by their headings whose cells have fractions: (column, meaning) → why."""
    return {
        (each.column, each.meaning): f"its heading says cents, its cells are dollars and cents: {odd!r}"
        for place, each in enumerate(guesses)
        if _is_money(each) and not each.by_user and headings.is_cents(each.column)
        if (odd := next((text for text in cells.of(place) if not _whole.fullmatch(text.strip())), None))
    }


def decided(intake: Intake, table: Staged, guesses: list[Guess], cells: Cells) -> list[Guess]:
    """The guesses, with the way in which the amounts of their columns are written."""
    found = []
    for place, each in enumerate(guesses):
        texts = cells.of(place) if _is_money(each) and headings.is_cents(each.column) else {}
        if texts and all(_whole.fullmatch(text.strip()) for text in texts):
            found.append(_noted(each, CENTS, "cents, as its heading says: 12500 is 125.00"))
        elif texts:
            found.append(_noted(each, "", "dollars: its heading says cents, its cells have fractions"))
        else:
            found.append(each)
    return _commas(intake, table, found, cells)


def _noted(guess: Guess, written: str, words: str) -> Guess:
    return replace(guess, written=written, note="; ".join(filter(None, [guess.note, words])))


def _commas(intake: Intake, table: Staged, guesses: list[Guess], cells: Cells) -> list[Guess]:
    """The guesses; columns of which all cells have a decimal comma, or none that contradicts it, are so written."""
    places = [p for p, each in enumerate(guesses) if _is_money(each) and not each.written]
    comma = {p: text for p in places if (text := next(filter(_comma.fullmatch, cells.of(p)), None))}
    if not comma:
        return guesses
    point = {p: text for p in places if (text := next(filter(_point.fullmatch, cells.of(p)), None))}
    # 1.250 is a thousand where the other amounts have a comma, and none has a point
    also = [p for p in places if not point and p not in comma and any(map(_thousands.fullmatch, cells.of(p)))]
    also += [p for p, each in enumerate(guesses) if not point and each.meaning == "service_unit_quantity"]
    asked = ", ".join(
        f"coalesce(bool_and(regexp_full_match(trim(c{p}), '{_FITS}', 'i')), true) AS c{p}"
        for p in [*comma, *also]
    )
    fits = intake.records(f"SELECT {asked} FROM {table.table}")[0]
    made = list(guesses)
    for p in [*comma, *also]:
        if fits[f"c{p}"]:
            example = comma.get(p, next(iter(comma.values())))
            made[p] = _noted(
                made[p], COMMA, f"amounts with a decimal comma, as in all of its cells: {example}"
            )
        elif p in comma:
            other = point.get(p)
            beside = f", others a point ({other})" if other else ""
            made[p] = _noted(
                made[p],
                "",
                f"some of its amounts have a decimal comma ({comma[p]}){beside}: rows with a comma are refused; "
                "write all with a decimal point",
            )
    return made
