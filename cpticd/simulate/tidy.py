"""Corrections that keep simulated claims free of errors, so that what is planted is all there is."""

from __future__ import annotations

import numpy as np

from cpticd.simulate.assembly import MODIFIERS, Book, LineRows, stack, take
from cpticd.simulate.catalogue import Catalogue
from cpticd.simulate.draws import Bools, Ints, group_starts, within
from cpticd.simulate.edits import add_ons, pairs

#: New-patient codes and the code for a patient seen before.
ESTABLISHED = {
    "99202": "99212",
    "99203": "99213",
    "99204": "99214",
    "99205": "99215",
    "99385": "99395",
    "99386": "99396",
    "G0438": "G0439",
}


def tidy(catalogue: Catalogue, book: Book) -> None:
    """Take away errors that arise by chance, so that what is planted is all there is."""
    _drop(catalogue, book)
    _established(catalogue, book)
    lines = book.lines
    for modifier in ("59", "25", "57"):
        for first, second in pairs(modifier):
            beside = _beside(catalogue, book, [first])
            add_modifier(lines, (lines.procedure == catalogue.procedures[second]) & beside, modifier)
    lines.number = within(group_starts(lines.claim)) + 1


def add_modifier(lines: LineRows, which: Bools, modifier: str) -> None:
    """Put a modifier on lines, where they do not have it and have room for it."""
    number = MODIFIERS.index(modifier)
    mine = np.flatnonzero(which & (lines.modifiers != number).all(axis=1))
    slot = np.where(lines.modifiers[mine, 0] == 0, 0, 1)
    lines.modifiers[mine, slot] = number


def _beside(catalogue: Catalogue, book: Book, codes: list[str]) -> Bools:
    """Lines whose claim has one of the procedures."""
    lines = book.lines
    has = np.zeros(book.claims.person.size, dtype=bool)
    has[lines.claim[np.isin(lines.procedure, [catalogue.procedures[code] for code in codes])]] = True
    found: Bools = has[lines.claim]
    return found


def _drop(catalogue: Catalogue, book: Book) -> None:
    """Take away parts of another service, and add-ons without the service that they need."""
    number, lines = catalogue.procedures, book.lines
    keep = np.ones(lines.claim.size, dtype=bool)
    for first, second in pairs("drop"):
        keep &= ~((lines.procedure == number[second]) & _beside(catalogue, book, [first]))
    for addon, primaries in add_ons():
        keep &= (lines.procedure != number[addon]) | _beside(catalogue, book, primaries)
    book.lines = take(lines, np.flatnonzero(keep))
    # A claim that loses all of its lines keeps its first, as another service where it is an add-on.
    left = np.bincount(book.lines.claim, minlength=book.claims.person.size)
    lost = np.flatnonzero(left[lines.claim] == 0)
    lost = lost[group_starts(lines.claim[lost])]
    if lost.size:
        again = take(lines, lost)
        alone = np.isin(again.procedure, [number[item] for item, _ in add_ons()])
        again.procedure[alone] = number["99213"]
        again.charge[alone] = catalogue.fee[number["99213"]] * 2 * again.units[alone]
        joined = stack(book.lines, again)
        book.lines = take(joined, np.lexsort((joined.number, joined.claim)))


def seen_before(book: Book, code: Bools) -> Bools:
    """Lines of ``code`` whose person the billing provider has seen before on a professional claim."""
    lines, claims = book.lines, book.claims
    professional = ~claims.institutional[lines.claim]
    person, billing = claims.person[lines.claim], claims.billing[lines.claim]
    order = np.lexsort((np.arange(person.size), lines.start, billing, person, ~professional))
    first = group_starts(person[order], billing[order])
    day = lines.start[order]
    begin = day[np.flatnonzero(first)[np.cumsum(first) - 1]]
    seen = np.zeros(person.size, dtype=bool)
    seen[order] = day > begin
    return seen & code & professional


def _established(catalogue: Catalogue, book: Book) -> None:
    """New-patient codes only where the practice has not seen the person in the data."""
    number = catalogue.procedures
    change = np.arange(len(catalogue.hcpcs))
    for new, old in ESTABLISHED.items():
        change[number[new]] = number[old]
    change[number["99201"]] = number["99212"]
    lines = book.lines
    seen = seen_before(book, change[lines.procedure] != lines.procedure)
    replace_procedure(catalogue, lines, np.flatnonzero(seen), change[lines.procedure[seen]])


def replace_procedure(catalogue: Catalogue, lines: LineRows, index: Ints, procedure: Ints) -> None:
    """Bill another procedure on lines, at a charge in proportion."""
    old, new = catalogue.fee[lines.procedure[index]], catalogue.fee[procedure]
    lines.charge[index] = np.maximum(lines.charge[index] * new // old, 1)
    lines.procedure[index] = procedure
