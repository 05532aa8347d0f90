"""Violations: coding errors planted on a small share of the lines of professional claims.

A line breaks one rule at most (``lines.rule``). Which payer takes a rule how strictly stands in rules.csv.
"""

from __future__ import annotations

import numpy as np

from cpticd.simulation.billing import SIDED
from cpticd.simulation.book import MODIFIERS, Book
from cpticd.simulation.manual import planted_pairs, policy
from cpticd.simulation.necessity import VITAMIN_D
from cpticd.simulation.plants import Plants
from cpticd.simulation.population import People
from cpticd.simulation.recodes import recode
from cpticd.simulation.scrubber import TRACING, seen_before
from cpticd.simulation.vectors import flags
from cpticd.simulation.world import World

#: Add-on, the service that it needs, what takes the place of that, and how often.
ORPHANS = (("17003", "17000", "10060", 0.25), ("77063", "77067", "77065", 0.03))
#: Code families of services in which a provider meets the person, by the codes' numbers.
FACE_TO_FACE = ((10004, 69990), (90791, 90853), (92002, 92014), (99202, 99499))


def plant(world: World, people: People, book: Book) -> None:
    """Plant every kind of error. Changes the book."""
    plants = Plants(world.draws, book)
    _components(world, book)
    _wrong_side(book, plants)
    _too_many_units(world, book, plants)
    _visits(book, plants)
    _orphans(book, plants)
    _without_reason(book, plants)
    _odd_modifiers(book, plants)
    recode(world, people, book)
    _pointers(book, plants)


def _components(world: World, book: Book) -> None:
    """Bill a component beside the service that contains it, last on the claim."""
    catalogue = world.catalogue
    rule = catalogue.rules.index("component_of_other_service")
    for first, second, share in planted_pairs():
        index = np.flatnonzero(book.is_procedure(first) & book.professional)
        again = book.lines.take(index[world.draws("component", index.size) < share])
        again.rebill(catalogue.fee, np.arange(again.size), catalogue.procedures[second])
        again.rule[:] = rule
        book.add_last(again)
    book.lines.renumber()


def _wrong_side(book: Book, plants: Plants) -> None:
    """The other side's modifier, where every diagnosis that the line points to lies on one side."""
    lines = book.lines
    right, left = MODIFIERS.index("RT"), MODIFIERS.index("LT")
    line, row = book.pointed()
    side = np.array(book.catalogue.side)[book.diagnoses.code[row]]
    other = np.where(lines.modifiers[:, 0] == right, "L", "R")[line]
    elsewhere = flags(lines.size, line[(side == other) | (side == "B")])
    candidates = book.is_procedure(*SIDED) & np.isin(lines.modifiers[:, 0], [right, left]) & ~elsewhere
    index = plants.choose("wrong side", candidates, 0.07, "laterality_conflict")
    lines.modifiers[index, 0] = right + left - lines.modifiers[index, 0]


def _too_many_units(world: World, book: Book, plants: Plants) -> None:
    """Three to five of a service that is done once a day."""
    lines = book.lines
    single = book.is_procedure("80053", "83036", "84443", "36415", "80061")
    index = plants.choose("units", single, 0.008, "units_over_limit")
    more = 3 + world.draws.below("units more", index.size, 3)
    lines.charge[index] = lines.charge[index] // lines.units[index] * more
    lines.units[index] = more


def _visits(book: Book, plants: Plants) -> None:
    """Visits as of a new patient, under a retired code, and without the modifier that tells them apart."""
    catalogue, lines, number = book.catalogue, book.lines, book.catalogue.procedures
    numbers = np.array([int(code) if code.isdigit() else 0 for code in number])
    met = np.any([(numbers >= low) & (numbers <= high) for low, high in FACE_TO_FACE], axis=0)
    seen = seen_before(book, met[lines.procedure])
    visit = book.is_procedure("99213", "99214")
    index = plants.choose("seen before", visit & seen, 0.02, "new_patient_seen_before")
    low = lines.procedure[index] == number["99213"]
    lines.rebill(catalogue.fee, index, np.where(low, number["99203"], number["99204"]))
    retired = book.is_procedure("99202")
    index = plants.choose("retired procedure", retired, 0.2, "retired_procedure_code")
    lines.rebill(catalogue.fee, index, number["99201"])
    for modifier, rule, share in (("25", "visit_without_modifier_25", 0.08), ("24", "global_period", 0.6)):
        others = [item for item in ("24", "25", "57", "79") if item != modifier]
        alone = lines.has_modifier(modifier) & ~lines.has_modifier(*others)
        index = plants.choose(f"modifier {modifier}", alone, share, rule)
        there = lines.modifiers[index] == MODIFIERS.index(modifier)
        lines.modifiers[index] = np.where(there, 0, lines.modifiers[index])


def _orphans(book: Book, plants: Plants) -> None:
    """Change the primary service so that an add-on stands alone."""
    catalogue, lines = book.catalogue, book.lines
    for code, primary, other, share in ORPHANS:
        candidates = book.is_procedure(code) & ~book.beside(other)
        addon = plants.choose("orphan", candidates, share, "add_on_without_primary")
        alone = flags(book.claims.size, lines.claim[addon])[lines.claim]
        lines.rebill(catalogue.fee, book.is_procedure(primary) & alone, catalogue.procedures[other])


def _without_reason(book: Book, plants: Plants) -> None:
    """Services whose lines point to no diagnosis that supports them; of a tracing of the heart it is on the claim."""
    lines, held = book.lines, book.diagnoses
    mine = book.is_procedure("77067", "77063") & ~book.points_to(["Z1231"])
    plants.choose("screening", mine, 1.0, "screening_without_screening_diagnosis")
    routine = policy(VITAMIN_D)
    other = book.points_to(sorted(set(book.codes) - set(routine)))
    mine = book.is_procedure(VITAMIN_D) & book.points_to(routine) & ~other
    plants.choose("not covered", mine, 1.0, "not_covered_diagnosis")
    # Of the claim's diagnoses, the last one that does not support the tracing.
    apart = held.take(~np.isin(book.codes, policy(TRACING))[held.code])
    last = np.zeros(book.claims.size, dtype=np.int64)
    np.maximum.at(last, apart.claim, apart.position)
    mine = book.is_procedure(TRACING) & (last[lines.claim] > 0)
    index = plants.choose("not in policy", mine, 0.06, "diagnosis_not_in_policy")
    lines.pointers[index] = 0
    lines.pointers[index, 0] = last[lines.claim[index]]


def _odd_modifiers(book: Book, plants: Plants) -> None:
    """A side on a service of both sides, and a modifier of prevention on a picture taken for a complaint."""
    lines = book.lines
    room = lines.modifiers[:, 1] == 0
    both = book.is_procedure("93970", "93880", "93923", "77067") & room
    index = plants.choose("side of both", both, 0.05, "side_on_bilateral_service")
    lines.add_modifier(flags(lines.size, index), "RT")
    other = [code for code in book.codes if code[:1] not in "JM" and code[:2] != "R0"]
    picture = book.is_procedure("71046", "72100", "70450") & ~book.points_to(other) & room
    index = plants.choose("prevention", picture, 0.08, "screening_modifier_conflict")
    lines.add_modifier(flags(lines.size, index), "33")


def _pointers(book: Book, plants: Plants) -> None:
    """Lines that point to no diagnosis, or to one that is not on the claim."""
    lines = book.lines
    index = plants.choose("no pointer", lines.pointers[:, 0] > 0, 0.0015, "missing_pointer")
    lines.pointers[index] = 0
    count = np.bincount(book.diagnoses.claim, minlength=book.claims.size)[lines.claim]
    last = (lines.pointers > 0).sum(axis=1)
    index = plants.choose("far pointer", (count < 12) & (last > 0), 0.0015, "pointer_past_diagnoses")
    lines.pointers[index, last[index] - 1] = count[index] + 1
