"""Mistakes: what reviewers miss and payers deny, planted on a small share of the lines where it is asked for.

Duplicates, modifiers, places, therapy, drugs, vaccines, ages, days before birth and after death: each a rule of
rules_standard.csv. As with the other violations a line breaks one of the planted rules at most, and what it draws comes
from streams of its own. Where an error is one of a claim as a whole, every line of it is said to break the rule.
"""

from __future__ import annotations

import numpy as np

from cpticd.simulation.book import MODIFIERS, Book, ClaimRows, DiagnosisRows, LineRows
from cpticd.simulation.dates import NEVER, ages, day
from cpticd.simulation.manual import INPATIENT_ONLY
from cpticd.simulation.plants import Plants
from cpticd.simulation.population import People
from cpticd.simulation.tidying import ADMINISTRATIONS, COLONOSCOPY, PRODUCTS, SINGLE_DOSE, first_points_to
from cpticd.simulation.vectors import Bools, Ints, flags, group_starts
from cpticd.simulation.world import World

#: Services of which two in a day are no error of units by themselves.
REPEATABLE = ("84443", "71046", "71045", "93005")
#: A modifier that is put on a line, the services, how often, and the rule that it breaks.
MARKS = (
    ("26", ("99213",), 0.004, "component_modifier"),
    ("50", ("11102", "12001", "17110", "93306"), 0.03, "bilateral_modifier"),
    ("80", ("11102", "12001"), 0.08, "surgeon_modifier"),
    ("25", ("71046", "93306", "73562"), 0.02, "visit_modifier_on_procedure"),
    ("59", ("99214",), 0.004, "procedure_modifier_on_visit"),
    ("95", ("99213",), 0.004, "telehealth_modifier_without_place"),
)
#: A code that takes the place of another, how often, and the rule that it breaks.
REBILLED = (
    ("36415", "99000", 0.008, "bundled_service"),
    ("36415", "A9270", 0.016, "not_covered_by_medicare"),
    ("99213", "G0295", 0.008, "invalid_for_medicare"),
    ("36415", "A0425", 0.02, "outside_fee_schedule"),
    ("36415", "A9900", 0.016, "not_paid_by_part_b"),
    ("99395", "99397", 0.06, "service_of_another_age"),
    ("99396", "99391", 0.06, "service_of_another_age"),
)
#: Therapy that is timed, and other preventive services beside which a visit with modifier 25 may have the add-on.
TIMED = ("97110", "97140", "97530", "97112")
#: First day from which the modifier of telehealth needs its place, and from which single-dose drugs need a modifier.
TELEHEALTH, WASTE, PREVENTIVE = day("2024-01-01"), day("2023-07-01"), day("2025-01-01")
DUPLICATED, SENT_AGAIN, DAYS_LATER = 0.02, 0.03, 3


def plant(world: World, people: People, book: Book) -> None:
    """Plant every kind of mistake. Changes the book."""
    plants = Plants(world.draws, book)
    _marks(book, plants)
    _codes(people, book, plants)
    _contradictions(book, plants)
    _places(book, plants)
    _therapy(book, plants)
    _beside(world, book, plants)
    _diagnoses(book, plants)
    _days(people, book, plants)
    _numbers(book, plants)
    _duplicate_lines(world, book)
    _duplicate_claims(world, book)


def _alone(book: Book) -> Bools:
    """Lines that are their claim's only one."""
    return np.bincount(book.lines.claim, minlength=book.claims.size)[book.lines.claim] == 1


def _room(book: Book) -> Bools:
    return book.lines.modifiers[:, 1] == 0


def _marks(book: Book, plants: Plants) -> None:
    """Modifiers on services that they do not go with."""
    lines = book.lines
    here = ~np.isin(book.claims.place, [book.catalogue.places.index(p) for p in ("02", "10", "19", "22")])[
        lines.claim
    ]
    for modifier, codes, share, rule in MARKS:
        mine = book.is_procedure(*codes) & _room(book) & ~lines.has_modifier(modifier, "95", "25", "59")
        if modifier == "95":
            mine &= here & (lines.start >= TELEHEALTH)
        index = plants.choose(f"standard {modifier}", mine, share, rule)
        lines.add_modifier(flags(lines.size, index), modifier)


def _codes(people: People, book: Book, plants: Plants) -> None:
    """Codes that are not paid, or of another age, in the place of others; on outpatient bills of hospitals too."""
    lines, number, fee = book.lines, book.catalogue.procedures, book.catalogue.fee
    age = ages(lines.start, people.birth[book.claims.person[lines.claim]])
    for old, new, share, rule in REBILLED:
        fitting = book.is_procedure(old) & ((old[:4] != "9939") | ((age >= 18) & (age < 65)))
        index = plants.choose(f"standard {new}", fitting, share, rule)
        lines.rebill(fee, index, number[new])
    outpatient = (book.claims.institutional & (book.claims.place == book.catalogue.places.index("131")))[
        lines.claim
    ]
    for old, new, share, rule in (
        ("G0463", INPATIENT_ONLY, 0.02, "inpatient_only_service"),
        ("80053", "R0300", 0.05, "revenue_code_without_procedure"),
    ):
        index = plants.choose_any(f"standard {new}", book.is_procedure(old) & outpatient, share, rule)
        lines.rebill(fee, index, number[new])


def _contradictions(book: Book, plants: Plants) -> None:
    """Notices that contradict each other (GA, GZ)."""
    lines = book.lines
    empty = (lines.modifiers == 0).all(axis=1)
    index = plants.choose(
        "standard GZ", book.is_procedure("82306", "84443") & empty, 0.006, "contradicting_modifiers"
    )
    lines.modifiers[index] = [MODIFIERS.index("GA"), MODIFIERS.index("GZ")]


def _places(book: Book, plants: Plants) -> None:
    """Places of claims of one line: an office visit in a ward, a place that there is not, an injection far away."""
    claims, lines, places = book.claims, book.lines, book.catalogue.places
    office = _alone(book) & (claims.place == places.index("11"))[lines.claim] & ~lines.has_modifier("95")
    for place, codes, share, rule in (
        ("21", ("99213", "99214"), 0.02, "service_in_wrong_place"),
        ("77", ("99212", "99213"), 0.02, "unknown_place_of_service"),
        ("02", ("11720", "11721", "77067", "97140"), 0.06, "hands_on_service_by_telehealth"),
    ):
        index = plants.choose(f"standard place {place}", office & book.is_procedure(*codes), share, rule)
        claims.place[lines.claim[index]] = places.index(place)
    away = np.isin(claims.place, [places.index("02"), places.index("10")])[lines.claim]
    mine = away & lines.has_modifier("95") & ~lines.has_modifier("25")
    index = plants.choose("standard silent place", mine, 0.06, "telehealth_place_without_modifier")
    lines.modifiers[index] = np.where(
        lines.modifiers[index] == MODIFIERS.index("95"), 0, lines.modifiers[index]
    )


def _therapy(book: Book, plants: Plants) -> None:
    """Therapy without GP, several units of an evaluation, and units that fill a day."""
    lines = book.lines
    index = plants.choose(
        "standard GP",
        book.is_procedure(*TIMED) & lines.has_modifier("GP"),
        0.02,
        "therapy_without_discipline",
    )
    lines.modifiers[index] = np.where(
        lines.modifiers[index] == MODIFIERS.index("GP"), 0, lines.modifiers[index]
    )
    index = plants.choose(
        "standard untimed", book.is_procedure("97161", "G0283"), 0.06, "units_of_untimed_service"
    )
    _units(book, index, 3)
    others = book.beside(*TIMED[1:])
    index = plants.choose(
        "standard timed", book.is_procedure("97110") & ~others, 0.04, "units_of_timed_service"
    )
    _units(book, index, 18)


def _units(book: Book, index: Ints, units: int) -> None:
    book.lines.charge[index] = book.lines.charge[index] // book.lines.units[index] * units
    book.lines.units[index] = units


def _beside(world: World, book: Book, plants: Plants) -> None:
    """What a service needs beside it: JZ, PT or 33, a vaccine or its administration; what it may not have: 25."""
    lines, number, fee = book.lines, book.catalogue.procedures, book.catalogue.fee
    drug = book.is_procedure(*SINGLE_DOSE) & (lines.start >= WASTE)
    index = plants.choose("standard JZ", drug, 0.05, "single_dose_without_waste_modifier")
    lines.modifiers[index] = np.where(
        lines.modifiers[index] == MODIFIERS.index("JZ"), 0, lines.modifiers[index]
    )
    screened = book.is_procedure(*COLONOSCOPY) & first_points_to(book, "Z1211")
    plants.choose("standard PT", screened, 0.15, "screening_without_modifier")
    count = np.bincount(lines.claim[book.is_procedure(*PRODUCTS)], minlength=book.claims.size)[lines.claim]
    given = np.bincount(lines.claim[book.is_procedure(*ADMINISTRATIONS)], minlength=book.claims.size)[
        lines.claim
    ]
    pairs = (count == 1) & (given == 1) & ~book.beside("96127")
    for stream, mine, other, rule in (
        ("product", PRODUCTS, ADMINISTRATIONS, "vaccine_without_administration"),
        ("administration", ADMINISTRATIONS, PRODUCTS, "administration_without_vaccine"),
    ):
        index = plants.choose(f"standard {stream}", pairs & book.is_procedure(*mine), 0.06, rule)
        alone = flags(book.claims.size, lines.claim[index])[lines.claim] & book.is_procedure(*other)
        lines.rebill(fee, alone, number["96127"])
        pairs &= ~flags(book.claims.size, lines.claim[index])[lines.claim]
    addon = book.is_procedure("G2211") & (lines.start < PREVENTIVE) & ~_marked(book) & ~book.beside("99201")
    index = plants.choose("standard G2211", addon, 0.05, "complexity_beside_modifier_25")
    visit = flags(book.claims.size, lines.claim[index])[lines.claim] & book.is_procedure(
        "99202", "99203", "99204", "99205", "99211", "99212", "99213", "99214", "99215"
    )
    lines.add_modifier(visit & _room(book), "25")


def _marked(book: Book) -> Bools:
    """Lines whose claim has modifier 25, or a visit without room for it."""
    lines = book.lines
    return flags(book.claims.size, lines.claim[lines.has_modifier("25") | ~_room(book)])[lines.claim]


def _diagnoses(book: Book, plants: Plants) -> None:
    """The first diagnosis again as the last, and a long-term drug in its place."""
    held, lines, size = book.diagnoses, book.lines, book.claims.size
    count = np.bincount(held.claim, minlength=size)
    first = _firsts(book)
    index = plants.choose("standard twice", first & (count < 11)[lines.claim], 0.006, "duplicate_diagnosis")
    _whole(book, plants, index, "duplicate_diagnosis")
    again = held.take(flags(size, lines.claim[index])[held.claim] & (held.position == 1))
    again.position = count[again.claim] + 1
    joined = DiagnosisRows.stack(held, again)
    book.diagnoses = joined.take(np.lexsort((joined.position, joined.claim)))
    drug = flags(size, held.claim[np.isin(book.codes, ["Z79899"])[held.code] & (held.position > 1)])
    named = flags(size, lines.claim[book.points_to(["Z79899"])])
    visit = book.beside("99213", "99214", "99215")
    rule = "secondary_code_first"
    index = plants.choose("standard Z79", _firsts(book) & (drug & named)[lines.claim] & visit, 0.25, rule)
    _to_the_front(book, lines.claim[index], "Z79899")
    mine = flags(size, lines.claim[index])[lines.claim]
    lines.rule[mine] = -1
    # The finding stands on the lines that point to it.
    plants.mark(np.flatnonzero(mine & (lines.pointers == 1).any(axis=1)), rule)


def _firsts(book: Book) -> Bools:
    """The first line of each professional claim none of whose lines breaks a rule."""
    lines = book.lines
    sound = ~flags(book.claims.size, lines.claim[lines.rule >= 0])[lines.claim]
    return group_starts(lines.claim) & sound


def _whole(book: Book, plants: Plants, index: Ints, rule: str) -> None:
    """Every line of the claims breaks the rule, which the first one was chosen for."""
    mine = flags(book.claims.size, book.lines.claim[index])[book.lines.claim]
    plants.mark(np.flatnonzero(mine), rule)


def _to_the_front(book: Book, claim: Ints, code: str) -> None:
    """A code changes places with the first diagnosis of its claim; pointers follow."""
    held, lines, size = book.diagnoses, book.lines, book.claims.size
    mine = flags(size, claim)[held.claim]
    row = np.flatnonzero(mine & np.isin(book.codes, [code])[held.code] & (held.position > 1))
    row = row[np.unique(held.claim[row], return_index=True)[1]]
    place, first = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    place[held.claim[row]] = held.position[row]
    top = np.flatnonzero(mine & (held.position == 1))
    first[held.claim[top]] = top
    one = first[held.claim[row]]
    held.code[one], held.code[row] = held.code[row].copy(), held.code[one].copy()
    moved = place[lines.claim][:, None]
    lines.pointers = np.where(
        (moved > 0) & (lines.pointers == 1),
        moved,
        np.where((moved > 0) & (lines.pointers == moved), 1, lines.pointers),
    )


def _days(people: People, book: Book, plants: Plants) -> None:
    """Visits of newborns that move to days before their birth, and visits that move to days after a death."""
    claims, lines = book.claims, book.lines
    birth, death = people.birth[claims.person], people.death[claims.person]
    first = _firsts(book)
    young = claims.start - birth < 400
    index = plants.choose("standard birth", first & young[lines.claim], 0.15, "service_before_birth")
    _move(book, plants, index, "service_before_birth", birth - 3)
    last = (death != NEVER) & (death - claims.start < 60)
    index = plants.choose(
        "standard death", _firsts(book) & last[lines.claim] & ~_tests(book), 0.3, "service_after_death"
    )
    _move(book, plants, index, "service_after_death", death + 2)


def _tests(book: Book) -> Bools:
    """Lines of claims that hold a laboratory test, or a reading of a picture."""
    lines = book.lines
    tests = book.catalogue.in_family(lines.procedure, "lab") | lines.has_modifier("26")
    return flags(book.claims.size, lines.claim[tests])[lines.claim]


def _move(book: Book, plants: Plants, index: Ints, rule: str, to: Ints) -> None:
    """The claims of the lines take place on another day."""
    claims, lines = book.claims, book.lines
    mine = lines.claim[index]
    _whole(book, plants, index, rule)
    claims.start[mine] = claims.end[mine] = to[mine]
    inside = flags(claims.size, mine)[lines.claim]
    lines.start[inside] = lines.end[inside] = to[lines.claim[inside]]


def _numbers(book: Book, plants: Plants) -> None:
    """Laboratories' claims of one line whose number has a wrong check digit."""
    tests = book.catalogue.in_family(book.lines.procedure, "lab") & ~book.is_procedure(*REPEATABLE)
    index = plants.choose("standard number", _alone(book) & tests, 0.01, "npi_check_digit")
    book.claims.mistyped[book.lines.claim[index]] = True


def _duplicate_lines(world: World, book: Book) -> None:
    """A line once more, last on its claim."""
    rule = book.catalogue.rules.index("duplicate_line")
    sound = (book.lines.rule < 0) & book.professional & book.is_procedure(*REPEATABLE)
    sound &= ~book.lines.has_modifier("59")
    index = np.flatnonzero(sound)
    again = book.lines.take(index[world.draws("standard duplicate", index.size) < DUPLICATED])
    again.rule[:] = rule
    book.add_last(again)
    book.lines.renumber()


def _duplicate_claims(world: World, book: Book) -> None:
    """A claim of one line once more, before the first has been decided, under a number of its own."""
    claims, lines, size = book.claims, book.lines, book.claims.size
    sound = (
        (lines.rule < 0) & book.professional & _alone(book) & book.is_procedure(*REPEATABLE, "99231", "99232")
    )
    index = np.flatnonzero(sound & ~lines.has_modifier("59"))
    index = index[world.draws("standard sent again", index.size) < SENT_AGAIN]
    new, copied = claims.take(lines.claim[index]), lines.take(index)
    new.received = new.received + DAYS_LATER
    number = np.full(size, -1)
    number[lines.claim[index]] = size + np.arange(index.size)
    held = book.diagnoses.take(number[book.diagnoses.claim] >= 0)
    held.claim = number[held.claim]
    copied.claim, copied.rule[:] = number[copied.claim], book.catalogue.rules.index("duplicate_claim")
    book.claims = ClaimRows.stack(claims, new)
    book.lines = LineRows.stack(lines, copied)
    book.diagnoses = DiagnosisRows.stack(book.diagnoses, held)
