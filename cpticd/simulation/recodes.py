"""Diagnosis codes that are planted in the place of others on a share of professional claims, breaking a rule.

Each is a row of recodes.csv, planted in that order:

old, new, rule   the code, what takes its place, and the rule (of rules.csv) that is then broken
share            of the diagnoses that it may replace
position         on the claim: first, other, blank: wherever it stands
beside           how another code of the claim begins
not_after        how the first code of the claim does not begin
before           last day of service, exclusive: from then on the code is in effect, or the rule is retired
sex, below_age   of the person
service          procedure of the lines that break the rule; those of others may point to the code as well
"""

from __future__ import annotations

import numpy as np

from cpticd.simulation.book import Book
from cpticd.simulation.catalogue import Row, rows
from cpticd.simulation.dates import ages, day
from cpticd.simulation.population import People
from cpticd.simulation.vectors import Bools, flags
from cpticd.simulation.world import World


def recode(world: World, people: People, book: Book) -> None:
    """Put the codes on claims, and the number of the rule on the lines that point to them. Changes the book.

    Where two codes exclude each other, lines that point to the other one break the rule as well. Lines that break
    another rule stay as they are, and so do codes that any of these point to, or none at all.
    """
    held, lines = book.diagnoses, book.lines
    size = held.claim.size
    line, target = book.pointed()
    for item in rows("recodes"):
        mine = book.is_procedure(item["service"])[line] if item["service"] else line >= 0
        pointed, taken = flags(size, target[mine]), flags(size, target[lines.rule[line] >= 0])
        index = np.flatnonzero(_candidates(item, people, book) & pointed & ~taken)
        index = index[world.draws("recode", index.size) < float(item["share"])]
        held.code[index] = book.code_number(item["new"])
        changed = flags(size, index)
        if item["beside"]:
            changed |= book.begins(item["beside"]) & np.isin(held.claim, held.claim[index])
        broken = line[changed[target] & mine]
        lines.rule[broken[lines.rule[broken] < 0]] = world.catalogue.rules.index(item["rule"])


def _candidates(item: Row, people: People, book: Book) -> Bools:
    """Diagnoses of professional claims that the recode may replace."""
    held, claims = book.diagnoses, book.claims
    person, start = claims.person[held.claim], claims.start[held.claim]
    found = np.isin(book.codes, [item["old"]])[held.code] & ~claims.institutional[held.claim]
    if item["position"]:
        found &= (held.position == 1) == (item["position"] == "first")
    if item["beside"]:
        found &= flags(claims.size, held.claim[book.begins(item["beside"])])[held.claim]
    if item["not_after"]:
        opening = book.begins(item["not_after"]) & (held.position == 1)
        found &= ~flags(claims.size, held.claim[opening])[held.claim]
    if item["before"]:
        found &= start < day(item["before"])
    if item["sex"]:
        found &= people.male[person] == (item["sex"] == "male")
    if item["below_age"]:
        found &= ages(start, people.birth[person]) < int(item["below_age"])
    return found
