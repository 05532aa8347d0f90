"""Coding errors planted on simulated claims."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cpticd.simulation.assembly import MODIFIERS, SIDED, Book, stack, take
from cpticd.simulation.catalogue import Catalogue
from cpticd.simulation.draws import Bools, Draws, Ints, group_starts, within
from cpticd.simulation.edits import planted_pairs, policy
from cpticd.simulation.people import People
from cpticd.simulation.recodes import RULES, recode
from cpticd.simulation.seldom import VITAMIN_D
from cpticd.simulation.tidy import TRACING, add_modifier, holds, pointed_codes, replace_procedure, seen_before

#: Add-on, the service that it needs, what takes the place of that, and how often.
ORPHANS = (("17003", "17000", "10060", 0.25), ("77063", "77067", "77065", 0.03))
#: Code families of services in which a provider meets the person, by the codes' numbers.
FACE_TO_FACE = ((10004, 69990), (90791, 90853), (92002, 92014), (99202, 99499))


Chosen = Callable[[str, Bools, float], Ints]


class _Plants:
    """Collects the violations, one per line at most."""

    def __init__(self, lines: int) -> None:
        self.rule = np.full(lines, -1)
        self.names = RULES

    def mark(self, index: Ints, rule: str) -> None:
        self.rule[index] = self.names.index(rule)

    def free(self, index: Ints) -> Ints:
        return index[self.rule[index] < 0]


def plant(catalogue: Catalogue, draws: Draws, people: People, book: Book) -> Ints:
    """Plant errors on a small share of the lines; returns the rule (into RULES) of every line, −1: none."""
    _add_components(catalogue, draws, book)
    lines, claims, number = book.lines, book.claims, catalogue.procedures
    plants = _Plants(lines.claim.size)
    added = lines.number == 0
    plants.mark(np.flatnonzero(added), "component_of_other_service")
    lines.number = within(group_starts(lines.claim)) + 1
    professional = ~claims.institutional[lines.claim]

    def chosen(name: str, candidates: Bools, share: float) -> Ints:
        index = np.flatnonzero(candidates & professional)
        return plants.free(index[draws(name, index.size) < share])

    _wrong_side(catalogue, book, plants, chosen)
    single = np.isin(lines.procedure, [number[c] for c in ("80053", "83036", "84443", "36415", "80061")])
    index = chosen("units", single, 0.008)
    more = 3 + draws.below("units more", index.size, 3)
    lines.charge[index] = lines.charge[index] // lines.units[index] * more
    lines.units[index] = more
    plants.mark(index, "units_over_limit")
    _visits(catalogue, book, plants, chosen)
    _orphan(catalogue, draws, book, plants)
    _services_without_reason(catalogue, book, plants, chosen)
    _odd_modifiers(catalogue, book, plants, chosen)
    recode(catalogue, draws, people, book, plants.rule)
    pointed = lines.pointers[:, 0] > 0
    index = chosen("no pointer", pointed, 0.0015)
    lines.pointers[index] = 0
    plants.mark(index, "missing_pointer")
    count = np.bincount(book.diagnoses.claim, minlength=claims.person.size)[lines.claim]
    last = (lines.pointers > 0).sum(axis=1)
    index = chosen("far pointer", (count < 12) & (last > 0), 0.0015)
    lines.pointers[index, last[index] - 1] = count[index] + 1
    plants.mark(index, "pointer_past_diagnoses")
    return plants.rule


def _wrong_side(catalogue: Catalogue, book: Book, plants: _Plants, chosen: Chosen) -> None:
    """The other side's modifier, where every diagnosis that the line points to lies on one side."""
    lines = book.lines
    right, left = MODIFIERS.index("RT"), MODIFIERS.index("LT")
    sides = np.array(["", *catalogue.side])
    pointed = sides[pointed_codes(book) + 1]
    other = np.where(lines.modifiers[:, 0] == right, "L", "R")
    elsewhere = ((pointed == other[:, None]) | (pointed == "B")).any(axis=1)
    sided = np.isin(lines.procedure, [catalogue.procedures[code] for code in SIDED])
    index = chosen("wrong side", sided & np.isin(lines.modifiers[:, 0], [right, left]) & ~elsewhere, 0.07)
    lines.modifiers[index, 0] = right + left - lines.modifiers[index, 0]
    plants.mark(index, "laterality_conflict")


def _visits(catalogue: Catalogue, book: Book, plants: _Plants, chosen: Chosen) -> None:
    """Visits as of a new patient, under a retired code, and without the modifier that tells them apart."""
    lines, number = book.lines, catalogue.procedures
    numbers = np.array([int(code) if code.isdigit() else 0 for code in number])
    met = np.any([(numbers >= low) & (numbers <= high) for low, high in FACE_TO_FACE], axis=0)
    visit = np.isin(lines.procedure, [number[c] for c in ("99213", "99214")])
    index = chosen("seen before", seen_before(book, visit, met[lines.procedure]), 0.02)
    up = {number["99213"]: number["99203"], number["99214"]: number["99204"]}
    replace_procedure(
        catalogue, lines, index, np.array([up[p] for p in lines.procedure[index].tolist()], dtype=np.int64)
    )
    plants.mark(index, "new_patient_seen_before")
    index = chosen("retired procedure", lines.procedure == number["99202"], 0.2)
    replace_procedure(catalogue, lines, index, np.full(index.size, number["99201"]))
    plants.mark(index, "retired_procedure_code")
    for modifier, rule, share in (
        ("25", "visit_without_modifier_25", 0.08),
        ("24", "global_period", 0.6),
    ):
        code = MODIFIERS.index(modifier)
        others = [MODIFIERS.index(item) for item in ("24", "25", "57", "79") if item != modifier]
        alone = (lines.modifiers == code).any(axis=1) & ~np.isin(lines.modifiers, others).any(axis=1)
        index = chosen(f"modifier {modifier}", alone, share)
        lines.modifiers[index] = np.where(lines.modifiers[index] == code, 0, lines.modifiers[index])
        plants.mark(index, rule)


def _services_without_reason(catalogue: Catalogue, book: Book, plants: _Plants, chosen: Chosen) -> None:
    """Services whose lines point to no diagnosis that supports them; of a tracing of the heart it is on the claim."""
    lines, number = book.lines, catalogue.procedures
    pointed = pointed_codes(book)
    screening = holds(book, ["Z1231"], pointed)
    mine = np.isin(lines.procedure, [number[item] for item in ("77067", "77063")])
    index = chosen("screening", mine & ~screening, 1.0)
    plants.mark(index, "screening_without_screening_diagnosis")
    routine = holds(book, policy(VITAMIN_D), pointed)
    other = holds(book, sorted(set(book.codes) - set(policy(VITAMIN_D))), pointed)
    index = chosen("not covered", (lines.procedure == number[VITAMIN_D]) & routine & ~other, 1.0)
    plants.mark(index, "not_covered_diagnosis")
    # Of the claim's diagnoses, the last one that does not support the tracing.
    held = book.diagnoses
    apart = ~np.isin(np.array(book.codes)[held.code], policy(TRACING))
    last = np.zeros(book.claims.person.size, dtype=np.int64)
    np.maximum.at(last, held.claim[apart], held.position[apart])
    index = chosen("not in policy", (lines.procedure == number[TRACING]) & (last[lines.claim] > 0), 0.06)
    lines.pointers[index] = 0
    lines.pointers[index, 0] = last[lines.claim[index]]
    plants.mark(index, "diagnosis_not_in_policy")


def _odd_modifiers(catalogue: Catalogue, book: Book, plants: _Plants, chosen: Chosen) -> None:
    """A side on a service of both sides, and a modifier of prevention on a picture taken for a complaint."""
    lines, number = book.lines, catalogue.procedures
    room = lines.modifiers[:, 1] == 0
    both = np.isin(lines.procedure, [number[code] for code in ("93970", "93880", "93923", "77067")])
    index = chosen("side of both", both & room, 0.05)
    add_modifier(lines, np.isin(np.arange(both.size), index), "RT")
    plants.mark(index, "side_on_bilateral_service")
    picture = np.isin(lines.procedure, [number[code] for code in ("71046", "72100", "70450")])
    other = [code for code in book.codes if code[:1] not in "JM" and code[:2] != "R0"]
    complaint = picture & ~holds(book, other, pointed_codes(book))
    index = chosen("prevention", complaint & room, 0.08)
    add_modifier(lines, np.isin(np.arange(both.size), index), "33")
    plants.mark(index, "screening_modifier_conflict")


def _add_components(catalogue: Catalogue, draws: Draws, book: Book) -> None:
    """Bill a component beside the service that contains it; the new lines have number 0 for now."""
    number = catalogue.procedures
    for first, second, share in planted_pairs():
        lines = book.lines
        mine = (lines.procedure == number[first]) & ~book.claims.institutional[lines.claim]
        index = np.flatnonzero(mine)
        index = index[draws("component", index.size) < share]
        again = take(lines, index)
        replace_procedure(catalogue, again, np.arange(index.size), np.full(index.size, number[second]))
        again.number = np.zeros(index.size, dtype=np.int64)
        joined = stack(lines, again)
        # New lines stand last on their claim.
        late = np.where(joined.number == 0, 10_000, joined.number)
        book.lines = take(joined, np.lexsort((np.arange(late.size), late, joined.claim)))


def _orphan(catalogue: Catalogue, draws: Draws, book: Book, plants: _Plants) -> None:
    """Change the primary service so that an add-on stands alone."""
    number, lines = catalogue.procedures, book.lines
    professional = ~book.claims.institutional[lines.claim]
    for code, primary, other, share in ORPHANS:
        has = np.isin(lines.claim, lines.claim[lines.procedure == number[other]])
        addon = np.flatnonzero((lines.procedure == number[code]) & professional & ~has)
        addon = plants.free(addon[draws("orphan", addon.size) < share])
        alone = np.zeros(book.claims.person.size, dtype=bool)
        alone[lines.claim[addon]] = True
        index = np.flatnonzero((lines.procedure == number[primary]) & alone[lines.claim])
        replace_procedure(catalogue, lines, index, np.full(index.size, number[other]))
        plants.mark(addon, "add_on_without_primary")
