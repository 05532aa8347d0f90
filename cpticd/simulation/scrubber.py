"""Scrubber: claims are freed of errors that arise by chance, so that what is planted is all there is."""

from __future__ import annotations

import numpy as np

from cpticd.simulation.book import Book, LineRows
from cpticd.simulation.catalogue import Catalogue
from cpticd.simulation.manual import add_ons, global_days, pairs, policy
from cpticd.simulation.vectors import Bools, Ints, expand, group_starts

#: A procedure with a coverage policy that lists the diagnoses that support it.
TRACING = "93000"
#: New-patient codes and the code for a patient seen before.
ESTABLISHED = {
    "99201": "99212",
    "99202": "99212",
    "99203": "99213",
    "99204": "99214",
    "99205": "99215",
    "99385": "99395",
    "99386": "99396",
    "G0438": "G0439",
}
#: Global days of a major procedure.
MAJOR = 90


def scrub(book: Book) -> None:
    """Take away errors that arise by chance, and add the modifiers that tell services apart. Changes the book."""
    _drop(book)
    _established(book)
    lines = book.lines
    for first, second in pairs("59"):
        lines.add_modifier(book.is_procedure(second) & book.beside(first), "59")
    apart = _apart(book)
    for modifier in ("57", "24", "79"):
        lines.add_modifier(apart[modifier], modifier)
    for first, second in pairs("25"):
        apart["25"] |= book.is_procedure(second) & book.beside(first)
    # 24 and 57 tell a visit apart from a minor procedure as well.
    lines.add_modifier(apart["25"] & ~lines.has_modifier("24", "57"), "25")
    # On hospital stays, a side and a depth for the ulcer that leaves them open.
    held = book.diagnoses
    vague = (held.code == book.codes.index("L97909")) & book.is_stay()[held.claim]
    held.code[vague] = book.codes.index("L97512")
    lines.renumber()


def _drop(book: Book) -> None:
    """Take away parts of another service, and add-ons without the service that they need."""
    catalogue, lines = book.catalogue, book.lines
    keep = np.ones(lines.size, dtype=bool)
    for first, second in pairs("drop"):
        keep &= ~(book.is_procedure(second) & book.beside(first))
    keep &= ~_untraceable(book)
    for addon, primaries in add_ons():
        keep &= ~book.is_procedure(addon) | book.beside(*primaries)
    book.lines = lines.take(keep)
    # A claim that loses all of its lines keeps its first, as another service where it is an add-on.
    left = np.bincount(book.lines.claim, minlength=book.claims.size)
    lost = np.flatnonzero(left[lines.claim] == 0)
    lost = lost[group_starts(lines.claim[lost])]
    if lost.size:
        again = lines.take(lost)
        alone = catalogue.is_procedure(again.procedure, *(addon for addon, _ in add_ons()))
        visit = catalogue.procedures["99213"]
        again.procedure[alone] = visit
        again.charge[alone] = catalogue.fee[visit] * 2 * again.units[alone]
        joined = LineRows.stack(book.lines, again)
        book.lines = joined.take(np.lexsort((joined.number, joined.claim)))


def _untraceable(book: Book) -> Bools:
    """Tracings whose policy no diagnosis of the claim satisfies; those that one would satisfy point to it now."""
    lines, never = book.lines, 99
    covered = policy(TRACING)
    first = np.full(book.claims.size, never)
    held = book.diagnoses.take(np.isin(book.codes, covered)[book.diagnoses.code])
    np.minimum.at(first, held.claim, held.position)
    mine = book.is_procedure(TRACING) & ~book.points_to(covered)
    there = mine & (first[lines.claim] < never)
    lines.pointers[there] = 0
    lines.pointers[there, 0] = first[lines.claim[there]]
    return mine & ~there


def _apart(book: Book) -> dict[str, Bools]:
    """Lines that need a modifier because of a procedure by the same provider, by modifier.

    25: a visit on the day of a minor procedure; 57: on the day of a major one or the day before it; 24: in its
    global days; 79: another procedure in them.
    """
    lines = book.lines
    period = global_days()
    days = np.array([period.get(code, -1) for code in book.catalogue.procedures])[lines.procedure]
    visit = _is_visit(book.catalogue, lines.procedure) & book.professional
    surgery = (days >= 0) & book.professional
    found = {name: np.zeros(days.size, dtype=bool) for name in ("57", "25", "24", "79")}
    # Lines of the same person and provider from the day before the procedure to the last of its global days.
    key = book.provider * (1 << 20) + lines.start - lines.start.min(initial=0) + 1
    order = np.argsort(key, kind="stable")
    index = np.flatnonzero(surgery)
    low = np.searchsorted(key[order], key[index] - 1, side="left")
    high = np.searchsorted(key[order], key[index] + days[index], side="right")
    row, offset = expand(high - low)
    other, first = order[low[row] + offset], index[row]
    after = lines.start[other] - lines.start[first]
    major = days[first] == MAJOR
    found["57"][other[visit[other] & major & (after <= 0)]] = True
    found["25"][other[visit[other] & (days[first] < MAJOR) & (after == 0)]] = True
    found["24"][other[visit[other] & (after > 0)]] = True
    found["79"][other[surgery[other] & (after > 0)]] = True
    return found


def _is_visit(catalogue: Catalogue, procedure: Ints) -> Bools:
    visit = catalogue.in_family(procedure, "em", "preventive")
    return (visit | catalogue.is_procedure(procedure, "92012", "92014")) & ~catalogue.is_procedure(
        procedure, "G2211"
    )


def _established(book: Book) -> None:
    """New-patient codes only where the practice has not seen the person in the data."""
    catalogue, lines = book.catalogue, book.lines
    change = np.arange(len(catalogue.hcpcs))
    for new, old in ESTABLISHED.items():
        change[catalogue.procedures[new]] = catalogue.procedures[old]
    seen = seen_before(book) & (change[lines.procedure] != lines.procedure)
    lines.rebill(catalogue.fee, seen, change[lines.procedure[seen]])


def seen_before(book: Book, met: Bools | None = None) -> Bools:
    """Lines of professional claims whose person the billing provider has seen on an earlier day.

    ``met`` are the lines that count as having seen the person; all do where it is not given.
    """
    counts = book.professional if met is None else met & book.professional
    provider, start = book.provider, book.lines.start
    first = np.full(int(provider.max(initial=0)) + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, provider[counts], start[counts])
    return (start > first[provider]) & book.professional
