"""Diagnosis codes that are planted in the place of others, so that a rule is broken."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cpticd.simulation.assembly import Book
from cpticd.simulation.catalogue import Catalogue, rows
from cpticd.simulation.draws import Bools, Draws, Ints
from cpticd.simulation.people import People

#: Names of the rules that are broken, in the order of rules.csv, which holds the reason and remark of each
#: and how strictly each payer takes it.
RULES = [row["rule"] for row in rows("rules")]


@dataclass(frozen=True)
class Recode:
    """A code on professional claims, and the code that takes its place on a share of them, breaking a rule."""

    old: str
    new: str
    rule: str
    share: float
    first: bool | None = None  # on the claim; None: wherever it stands
    beside: str = ""  # how another code of the claim begins
    not_after: str = ""  # how the first code of the claim does not begin
    before: str = ""  # date of service
    female: bool = False
    below_age: int = 0
    service: str = (
        ""  # procedure of the lines that break the rule; those of others may point to the code as well
    )


RECODES = (
    Recode("M5450", "M545", "retired_diagnosis_code", 0.03),
    Recode("G20A1", "G20", "retired_diagnosis_code", 0.08),
    Recode("R059", "R05", "retired_diagnosis_code", 0.04),
    Recode("N1830", "N183", "retired_diagnosis_code", 0.02),
    Recode("M1711", "M171", "header_diagnosis_code", 0.02),
    Recode("E785", "E78", "header_diagnosis_code", 0.003),
    Recode("E119", "E11", "header_diagnosis_code", 0.008),
    Recode("M25569", "M2556", "header_diagnosis_code", 0.04),
    Recode("I4891", "I48", "header_diagnosis_code", 0.016),
    Recode("S93401A", "S93401", "missing_seventh_character", 0.12),
    Recode("S161XXA", "S161", "missing_seventh_character", 0.1),
    Recode("S61411A", "S61411", "missing_seventh_character", 0.12),
    Recode("S39012A", "S39012", "missing_seventh_character", 0.06),
    Recode("I10", "I100", "unknown_diagnosis_code", 0.003),
    # A fresh wound is closed, and the code says that it heals.
    Recode("S61411A", "S61411D", "encounter_conflict", 0.4, service="12001"),
    Recode("S61412A", "S61412D", "encounter_conflict", 0.4, service="12001"),
    # In effect from 2024-10-01 on.
    Recode("E669", "E66811", "early_diagnosis_code", 0.1, before="2024-10-01"),
    # Edit retired for services from 2024-10-01 on.
    Recode("N390", "N401", "sex_conflict", 0.15, before="2024-10-01", female=True),
    Recode("Z00129", "Z0000", "age_conflict", 0.08, below_age=14),
    Recode("E785", "R7303", "excludes1", 0.035, first=False, beside="E11"),
    Recode("I10", "R7301", "excludes1", 0.02, first=False, beside="E11"),
    Recode("D649", "D631", "manifestation_first", 0.12, first=True),
    Recode("S0181XA", "W19XXXA", "external_cause_first", 0.15, first=True),
    Recode("S93402A", "W1830XA", "external_cause_first", 0.15, first=True),
    Recode("S61412A", "W260XXA", "external_cause_first", 0.15, first=True),
    Recode("R5383", "Z0289", "first_listed_only", 0.1, first=False, not_after="Z"),
)


def recode(catalogue: Catalogue, draws: Draws, people: People, book: Book, rule: Ints) -> None:
    """Put the codes on claims, and the number of the rule (into RULES) on the lines that point to them.

    Where two codes exclude each other, lines that point to the other one break the rule as well. Lines that break
    another rule stay as they are, and so do codes that any of these point to, or none at all.
    """
    held, lines = book.diagnoses, book.lines
    start = np.searchsorted(held.claim, np.arange(book.claims.person.size + 1))
    count = (start[1:] - start[:-1])[lines.claim]
    inside = (lines.pointers > 0) & (lines.pointers <= count[:, None])
    line, column = np.nonzero(inside)
    target = start[lines.claim[line]] + lines.pointers[line, column] - 1
    for item in RECODES:
        pointed, taken = (np.zeros(held.claim.size, dtype=bool) for _ in range(2))
        mine = lines.procedure[line] == catalogue.procedures[item.service] if item.service else line >= 0
        pointed[target[mine]] = True
        taken[target[rule[line] >= 0]] = True
        index = np.flatnonzero(_candidates(item, people, book) & pointed & ~taken)
        index = index[draws("recode", index.size) < item.share]
        if item.new not in book.codes:
            book.codes.append(item.new)
        held.code[index] = book.codes.index(item.new)
        changed = np.zeros(held.claim.size, dtype=bool)
        changed[index] = True
        if item.beside:
            changed |= _begins(book, item.beside)[held.code] & np.isin(held.claim, held.claim[index])
        broken = line[changed[target] & mine]
        rule[broken[rule[broken] < 0]] = RULES.index(item.rule)


def _begins(book: Book, prefix: str) -> Bools:
    found: Bools = np.array([code.startswith(prefix) for code in book.codes])
    return found


def _candidates(item: Recode, people: People, book: Book) -> Bools:
    """Diagnoses of professional claims that the recode may replace."""
    held, claims = book.diagnoses, book.claims
    person, day = claims.person[held.claim], claims.start[held.claim]
    found = np.array([code == item.old for code in book.codes])[held.code]
    found &= ~claims.institutional[held.claim]
    if item.first is not None:
        found &= (held.position == 1) == item.first
    if item.beside:
        other = _begins(book, item.beside)[held.code]
        has = np.zeros(claims.person.size, dtype=bool)
        has[held.claim[other]] = True
        found &= has[held.claim]
    if item.not_after:
        opening = _begins(book, item.not_after)[held.code] & (held.position == 1)
        found &= ~np.isin(held.claim, held.claim[opening])
    if item.before:
        found &= day < int(np.datetime64(item.before, "D").astype(int))
    if item.female:
        found &= ~people.male[person]
    if item.below_age:
        found &= (day - people.birth[person]) * 4 < item.below_age * 1461
    return found
