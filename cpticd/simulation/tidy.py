"""Corrections that keep simulated claims free of errors, so that what is planted is all there is."""

from __future__ import annotations

import numpy as np

from cpticd.simulation.assembly import MODIFIERS, Book, LineRows, stack, take
from cpticd.simulation.catalogue import Catalogue, rows
from cpticd.simulation.draws import Bools, Ints, expand, group_starts, within
from cpticd.simulation.edits import add_ons, pairs, policy

#: A procedure with a coverage policy that lists the diagnoses that support it.
TRACING = "93000"
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
    for first, second in pairs("59"):
        beside = _beside(catalogue, book, [first])
        add_modifier(lines, (lines.procedure == catalogue.procedures[second]) & beside, "59")
    apart = separate(catalogue, book)
    for modifier in ("57", "24", "79"):
        add_modifier(lines, apart[modifier], modifier)
    for first, second in pairs("25"):
        apart["25"] |= (lines.procedure == catalogue.procedures[second]) & _beside(catalogue, book, [first])
    # 24 and 57 tell a visit apart from a minor procedure as well.
    told = np.isin(lines.modifiers, [MODIFIERS.index("24"), MODIFIERS.index("57")]).any(axis=1)
    add_modifier(lines, apart["25"] & ~told, "25")
    _stays(book)
    lines.number = within(group_starts(lines.claim)) + 1


def add_modifier(lines: LineRows, which: Bools, modifier: str) -> None:
    """Put a modifier on lines, where they do not have it and have room for it."""
    number = MODIFIERS.index(modifier)
    mine = np.flatnonzero(which & (lines.modifiers != number).all(axis=1))
    slot = np.where(lines.modifiers[mine, 0] == 0, 0, 1)
    lines.modifiers[mine, slot] = number


def pointed_codes(book: Book) -> Ints:
    """Code of each diagnosis that a line points to, −1 where there is none; four columns."""
    lines = book.lines
    start = np.searchsorted(book.diagnoses.claim, lines.claim)
    code = book.diagnoses.code[np.minimum(start[:, None] + lines.pointers - 1, book.diagnoses.code.size - 1)]
    return np.where(lines.pointers > 0, code, -1)


def holds(book: Book, codes: list[str], pointed: Ints) -> Bools:
    """Lines that point to one of the codes."""
    wanted = np.array([False, *(code in codes for code in book.codes)])
    found: Bools = np.asarray(wanted[pointed + 1].any(axis=1))
    return found


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
    keep &= ~_unsupported(catalogue, book)
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


def _unsupported(catalogue: Catalogue, book: Book) -> Bools:
    """Tracings whose policy no diagnosis of the claim satisfies; those that one would satisfy point to it now."""
    lines, held = book.lines, book.diagnoses
    wanted = policy(TRACING)
    fits = np.isin(np.array(book.codes)[held.code], wanted)
    never = 99
    first = np.full(book.claims.person.size, never)
    np.minimum.at(first, held.claim[fits], held.position[fits])
    mine = (lines.procedure == catalogue.procedures[TRACING]) & ~holds(book, wanted, pointed_codes(book))
    there = mine & (first[lines.claim] < never)
    lines.pointers[there] = 0
    lines.pointers[there, 0] = first[lines.claim[there]]
    found: Bools = mine & ~there
    return found


def separate(catalogue: Catalogue, book: Book) -> dict[str, Bools]:
    """Lines that need a modifier because of a procedure by the same provider, by modifier.

    25: a visit on the day of a minor procedure; 57: on the day of a major one or the day before it; 24: in its
    global days; 79: another procedure in them.
    """
    lines, claims = book.lines, book.claims
    days = global_days(catalogue)[lines.procedure]
    professional = ~claims.institutional[lines.claim]
    provider = claims.person[lines.claim] * (claims.billing.max(initial=0) + 1) + claims.billing[lines.claim]
    visit = visits(catalogue)[lines.procedure] & professional
    surgery = np.flatnonzero((days >= 0) & professional)
    found = {name: np.zeros(days.size, dtype=bool) for name in ("57", "25", "24", "79")}
    # Lines of the same person and provider from the day before the procedure to the last of its global days.
    width = 1 << 20
    day = lines.start - lines.start.min(initial=0) + 1
    key = provider * width + day
    order = np.argsort(key, kind="stable")
    low = np.searchsorted(key[order], key[surgery] - 1, side="left")
    high = np.searchsorted(key[order], key[surgery] + days[surgery], side="right")
    row, offset = expand(high - low)
    other, first = order[low[row] + offset], surgery[row]
    after = lines.start[other] - lines.start[first]
    major, minor = days[first] == MAJOR, days[first] < MAJOR
    found["57"][other[visit[other] & major & (after <= 0)]] = True
    found["25"][other[visit[other] & minor & (after == 0)]] = True
    found["24"][other[visit[other] & (after > 0)]] = True
    found["79"][other[(days[other] >= 0) & professional[other] & (after > 0)]] = True
    return found


#: Global days of a major procedure.
MAJOR = 90


def global_days(catalogue: Catalogue) -> Ints:
    """Global days of every procedure, −1 where none."""
    days = {row["code"]: row["global_days"] for row in rows("edits_fees")}
    found = [days.get(code, "XXX") for code in catalogue.procedures]
    return np.array([int(text) if text.isdigit() else -1 for text in found])


def visits(catalogue: Catalogue) -> Bools:
    """Whether each procedure is a visit."""
    eyes = np.isin(list(catalogue.procedures), ["92012", "92014"])
    addon = np.isin(list(catalogue.procedures), ["G2211"])
    found: Bools = (catalogue.in_family("em", "preventive") | eyes) & ~addon
    return found


def _stays(book: Book) -> None:
    """On hospital stays, a side and a depth for the ulcer that leaves them open."""
    held = book.diagnoses
    inside = book.claims.institutional & (book.claims.place == book.places.index("111"))
    vague = (held.code == book.codes.index("L97909")) & inside[held.claim]
    held.code[vague] = book.codes.index("L97512")


def seen_before(book: Book, code: Bools, met: Bools | None = None) -> Bools:
    """Lines of ``code`` whose person the billing provider has seen before on a professional claim.

    ``met`` tells the lines that count as having seen the person; all do where it is not given.
    """
    lines, claims = book.lines, book.claims
    counts = ~claims.institutional[lines.claim] if met is None else met & ~claims.institutional[lines.claim]
    provider = claims.person[lines.claim] * (claims.billing.max(initial=0) + 1) + claims.billing[lines.claim]
    never = np.iinfo(np.int64).max
    first = np.full(int(provider.max(initial=0)) + 1, never)
    np.minimum.at(first, provider[counts], lines.start[counts])
    found: Bools = (lines.start > first[provider]) & code & ~claims.institutional[lines.claim]
    return found


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
