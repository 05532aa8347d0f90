"""Coding errors planted on simulated claims."""

from __future__ import annotations

import numpy as np

from cpticd.simulate.assembly import MODIFIERS, SIDED, Book, stack, take
from cpticd.simulate.catalogue import Catalogue, rows
from cpticd.simulate.draws import Bools, Draws, Ints, group_starts, within
from cpticd.simulate.edits import planted_pairs
from cpticd.simulate.people import People
from cpticd.simulate.tidy import replace_procedure, seen_before

#: Names of the rules that are broken, in the order of rules.csv, which holds the reason and remark of each
#: and how strictly each payer takes it.
RULES = [row["rule"] for row in rows("rules")]
#: Code on the claim, code that takes its place, rule, share of the professional claims that hold it.
RECODED = (
    ("M5450", "M545", "retired_diagnosis_code", 0.02),
    ("G20A1", "G20", "retired_diagnosis_code", 0.08),
    ("R059", "R05", "retired_diagnosis_code", 0.02),
    ("N1830", "N183", "header_diagnosis_code", 0.03),
    ("E119", "E11", "header_diagnosis_code", 0.006),
    ("M25569", "M2556", "header_diagnosis_code", 0.03),
    ("I4891", "I48", "header_diagnosis_code", 0.012),
    ("S93401A", "S93401", "missing_seventh_character", 0.06),
    ("S161XXA", "S161XX", "missing_seventh_character", 0.04),
    ("S61411A", "S61411", "missing_seventh_character", 0.06),
    ("N390", "N401", "sex_conflict", 0.1),
)
#: The sex conflict edit was retired for services from 2024-10-01 on.
SEX_EDIT_ENDS = int(np.datetime64("2024-10-01", "D").astype(int))


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

    right, left = MODIFIERS.index("RT"), MODIFIERS.index("LT")
    sided = np.isin(lines.procedure, [number[code] for code in SIDED])
    on_side = sided & np.isin(lines.modifiers[:, 0], [right, left])
    index = chosen("wrong side", on_side, 0.05)
    lines.modifiers[index, 0] = right + left - lines.modifiers[index, 0]
    plants.mark(index, "laterality_conflict")
    single = np.isin(lines.procedure, [number[c] for c in ("80053", "83036", "84443", "36415", "80061")])
    index = chosen("units", single, 0.005)
    more = 3 + draws.below("units more", index.size, 3)
    lines.charge[index] = lines.charge[index] // lines.units[index] * more
    lines.units[index] = more
    plants.mark(index, "units_over_limit")
    visit = np.isin(lines.procedure, [number[c] for c in ("99213", "99214")])
    index = chosen("seen before", seen_before(book, visit), 0.012)
    up = {number["99213"]: number["99203"], number["99214"]: number["99204"]}
    replace_procedure(
        catalogue, lines, index, np.array([up[p] for p in lines.procedure[index].tolist()], dtype=np.int64)
    )
    plants.mark(index, "new_patient_seen_before")
    index = chosen("retired procedure", lines.procedure == number["99202"], 0.08)
    replace_procedure(catalogue, lines, index, np.full(index.size, number["99201"]))
    plants.mark(index, "retired_procedure_code")
    index = chosen("modifier 25", lines.modifiers[:, 0] == MODIFIERS.index("25"), 0.05)
    lines.modifiers[index, 0] = 0
    plants.mark(index, "visit_without_modifier_25")
    _orphan(catalogue, draws, book, plants)
    _recode(draws, people, book, plants)
    pointed = lines.pointers[:, 0] > 0
    index = chosen("no pointer", pointed, 0.0012)
    lines.pointers[index] = 0
    plants.mark(index, "missing_pointer")
    count = np.bincount(book.diagnoses.claim, minlength=claims.person.size)[lines.claim]
    last = (lines.pointers > 0).sum(axis=1)
    index = chosen("far pointer", (count < 12) & (last > 0), 0.001)
    lines.pointers[index, last[index] - 1] = count[index] + 1
    plants.mark(index, "pointer_past_diagnoses")
    return plants.rule


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
    addon = np.flatnonzero(lines.procedure == number["17003"])
    addon = plants.free(addon[draws("orphan", addon.size) < 0.06])
    alone = np.zeros(book.claims.person.size, dtype=bool)
    alone[lines.claim[addon]] = True
    primary = np.flatnonzero((lines.procedure == number["17000"]) & alone[lines.claim])
    replace_procedure(catalogue, lines, primary, np.full(primary.size, number["11102"]))
    plants.mark(addon, "add_on_without_primary")


def _recode(draws: Draws, people: People, book: Book, plants: _Plants) -> None:
    """Put codes on claims that are not valid, or not for the person; mark the lines that point to them."""
    held, claims, lines = book.diagnoses, book.claims, book.lines
    start = np.searchsorted(held.claim, np.arange(claims.person.size + 1))
    for old, new, rule, share in RECODED:
        same = np.array([code == old for code in book.codes])[held.code]
        candidates = same & ~claims.institutional[held.claim]
        if rule == "sex_conflict":
            candidates &= ~people.male[claims.person[held.claim]] & (claims.start[held.claim] < SEX_EDIT_ENDS)
        index = np.flatnonzero(candidates)
        index = index[draws("recode", index.size) < share]
        if new not in book.codes:
            book.codes.append(new)
        held.code[index] = book.codes.index(new)
        changed = np.zeros(held.claim.size + 1, dtype=bool)
        changed[index] = True
        inside = (lines.pointers > 0) & (
            lines.pointers <= (start[lines.claim + 1] - start[lines.claim])[:, None]
        )
        at = np.where(inside, start[lines.claim][:, None] + lines.pointers - 1, held.claim.size)
        plants.mark(plants.free(np.flatnonzero(changed[at].any(axis=1))), rule)
