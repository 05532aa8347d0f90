"""Tidying: what practices get right without a thought, so that it is no error that nobody planted.

Codes of preventive visits and of vaccines that fit the age, a vaccine and its administration on one claim, modifiers
of single-dose drugs (JZ) and of screenings that became treatment (PT, 33), no add-on for complexity beside modifier
25, no long-term drug as first diagnosis. It draws nothing, and stands behind what payers do, so that the pairs that
they treat differently are chosen as before. Lines and claims on which an error is planted
are left alone.
"""

from __future__ import annotations

import numpy as np

from cpticd.simulation.book import Book
from cpticd.simulation.dates import ages
from cpticd.simulation.population import People
from cpticd.simulation.vectors import Bools, flags

#: Visits of a patient seen before and of a new one, by the least age.
ESTABLISHED = (
    (0, "99391"),
    (1, "99392"),
    (5, "99393"),
    (12, "99394"),
    (18, "99395"),
    (40, "99396"),
    (65, "99397"),
)
FRESH = {"99385": (18, 39), "99386": (40, 64)}
#: Services that take the place of one that stands without its counterpart: the first that the claim has not.
OTHERS = ("96127", "83735", "85027")
#: Vaccine, least age, and what takes its place below it.
VACCINES = (
    ("90662", 65, ("90686", "90707", *OTHERS)),
    ("90715", 7, ("90707", "90686", *OTHERS)),
    ("91320", 12, ("90707", "90686", *OTHERS)),
)
PRODUCTS = ("90686", "90662", "90707", "90715", "91320")
ADMINISTRATIONS = ("90471", "90460", "G0008")
#: Planted errors that a change in the order of the diagnoses would mend, or move.
ABOUT_DIAGNOSES = (
    "age_conflict", "code_first_missing", "diagnosis_not_in_policy", "duplicate_diagnosis", "early_diagnosis_code",
    "encounter_conflict", "excludes1", "external_cause_first", "first_listed_only", "header_diagnosis_code",
    "laterality_conflict", "manifestation_first", "missing_pointer", "missing_seventh_character",
    "not_covered_diagnosis", "pointer_past_diagnoses", "retired_diagnosis_code", "screening_without_modifier",
    "secondary_code_first", "service_before_birth", "sex_conflict", "unknown_diagnosis_code",
)  # fmt: skip
SINGLE_DOSE = ("J0178", "J0881", "J0897", "J1745", "J2469", "J9035", "J9041", "J9217", "J9271", "J9355")
COLONOSCOPY = ("45380", "45385")


def tidy(people: People, book: Book) -> None:
    """Free the claims of errors that arise by chance. Changes the book."""
    lines = book.lines
    sound = lines.rule < 0
    free = sound & ~flags(book.claims.size, lines.claim[~sound])[lines.claim]
    age = ages(lines.start, people.birth[book.claims.person[lines.claim]])
    _ages(book, sound, age)
    _vaccines(book, free)
    lines.add_modifier(sound & book.is_procedure(*SINGLE_DOSE) & (lines.modifiers[:, 1] == 0), "JZ")
    screened = (
        sound
        & book.is_procedure(*COLONOSCOPY)
        & first_points_to(book, "Z1211")
        & (lines.modifiers[:, 1] == 0)
    )
    medicare = np.isin(book.catalogue.payer_kinds, ["ffs", "ma"])[book.payer]
    lines.add_modifier(screened & medicare, "PT")
    lines.add_modifier(screened & ~medicare, "33")
    marked = flags(book.claims.size, lines.claim[lines.has_modifier("25")])[lines.claim]
    _otherwise(book, sound & marked & book.is_procedure("G2211"))
    _first_diagnosis(book, planted_order(book))


def _ages(book: Book, free: Bools, age: np.ndarray) -> None:
    """Preventive visits by age, and vaccines that are licensed for it."""
    lines, number = book.lines, book.catalogue.procedures
    fitting = np.array([number[code] for _, code in ESTABLISHED])
    band = np.searchsorted([least for least, _ in ESTABLISHED], np.maximum(age, 0), side="right") - 1
    wrong = free & book.is_procedure(*(code for _, code in ESTABLISHED))
    for code, (least, most) in FRESH.items():
        wrong |= free & book.is_procedure(code) & ((age < least) | (age > most))
    lines.rebill(book.catalogue.fee, wrong, fitting[band[wrong]])
    for code, least, instead in VACCINES:
        _otherwise(book, free & book.is_procedure(code) & (age < least), instead)


def _vaccines(book: Book, free: Bools) -> None:
    """Of vaccines without administration one becomes that, where there are several; what still stands alone is
    another service."""
    lines, size = book.lines, book.claims.size
    product, given = book.is_procedure(*PRODUCTS), book.is_procedure(*ADMINISTRATIONS)
    count = np.bincount(lines.claim[product], minlength=size)
    has = flags(size, lines.claim[given])
    last = np.zeros(size, dtype=np.int64)
    np.maximum.at(last, lines.claim[product], lines.number[product])
    second = (
        free & product & ~has[lines.claim] & (count[lines.claim] > 1) & (lines.number == last[lines.claim])
    )
    lines.rebill(book.catalogue.fee, second, book.catalogue.procedures["90471"])
    lines.units[second] = 1
    product, given = book.is_procedure(*PRODUCTS), book.is_procedure(*ADMINISTRATIONS)
    with_product, with_given = (flags(size, lines.claim[mine])[lines.claim] for mine in (product, given))
    _otherwise(book, free & ((product & ~with_given) | (given & ~with_product)))


def _otherwise(book: Book, mine: Bools, instead: tuple[str, ...] = OTHERS) -> None:
    """Bill the lines as the first of other services that their claim has not."""
    for code in instead:
        now = mine & ~book.beside(code)
        # One line of a claim at a time.
        _, first = np.unique(book.lines.claim[now], return_index=True)
        index = np.flatnonzero(now)[first]
        book.lines.rebill(book.catalogue.fee, index, book.catalogue.procedures[code])
        book.lines.units[index] = 1
        mine = mine & ~flags(mine.size, index)


def first_points_to(book: Book, code: str) -> Bools:
    """Lines whose first pointer names a diagnosis; of institutional claims, whose first diagnosis it is."""
    held, lines = book.diagnoses, book.lines
    wanted = np.isin(book.codes, [code])[held.code]
    found = np.zeros(lines.size, dtype=bool)
    most = int(held.position.max(initial=0)) + 1
    keys = np.sort(held.claim[wanted] * most + held.position[wanted])
    place = np.where(book.professional, lines.pointers[:, 0], 1)
    asked = lines.claim * most + np.minimum(place, most - 1)
    at = np.minimum(np.searchsorted(keys, asked), max(keys.size - 1, 0))
    if keys.size:
        found = (keys[at] == asked) & (place > 0)
    return found


def planted_order(book: Book) -> Bools:
    """Claims on which an error of the diagnoses or pointers is planted."""
    rules = np.array([rule in ABOUT_DIAGNOSES for rule in book.catalogue.rules])
    broken = (book.lines.rule >= 0) & rules[book.lines.rule]
    return flags(book.claims.size, book.lines.claim[broken])


def _first_diagnosis(book: Book, broken: Bools) -> None:
    """A long-term drug that comes first changes places with the next diagnosis; where it is alone, drug monitoring is
    what the visit is for (Z51.81)."""
    held, lines, size = book.diagnoses, book.lines, book.claims.size
    drug = np.array([code.startswith("Z79") for code in book.codes])[held.code]
    first, second = np.full(size, -1), np.full(size, -1)
    row = np.arange(held.claim.size)
    first[held.claim[held.position == 1]] = row[held.position == 1]
    np.maximum.at(second, held.claim[held.position == 2], row[held.position == 2])
    mine = np.flatnonzero((first >= 0) & ~broken & ~book.is_stay())
    mine = mine[drug[first[mine]]]
    swap = mine[(second[mine] >= 0) & ~drug[second[mine]]]
    one, two = first[swap], second[swap]
    for values in (held.code, held.present):
        values[one], values[two] = values[two].copy(), values[one].copy()
    turned = flags(size, swap)[lines.claim][:, None]
    lines.pointers = np.where(
        turned & (lines.pointers == 1), 2, np.where(turned & (lines.pointers == 2), 1, lines.pointers)
    )
    rest = np.setdiff1d(mine, swap)
    held.code[first[rest]] = book.code_number("Z5181")
