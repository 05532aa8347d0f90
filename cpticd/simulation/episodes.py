"""Episodes: which chronic conditions persons have, and how each is coded from year to year."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cpticd.simulation.catalogue import Catalogue, numbers
from cpticd.simulation.membership import Membership
from cpticd.simulation.population import People
from cpticd.simulation.vectors import Bools, Floats, Ints, Rows
from cpticd.simulation.world import World

#: How the coding of a condition is planned for a person: as it is, by a less specific code, never, or in two codes
#: where one code would join them.
CODED, SIBLING, NEVER_CODED, APART = range(4)
#: Kinds of under-coding that leave evidence on claims; 0 where coded, or where there is no evidence.
KINDS = ("", "lapsed", "unspecified", "combination", "implied")
_, LAPSED, UNSPECIFIED, COMBINATION, IMPLIED = range(len(KINDS))
#: Conditions that a diabetes code takes in (ICD-10-CM "with"), and the joined code.
JOINED = (("ckd", "E1122"), ("pvd", "E1151"), ("neuropathy", "E1142"))


@dataclass
class Episodes(Rows):
    """One element per person, chronic condition and year in which the person has it and is covered."""

    person: Ints
    year: Ints  # number of the year, from 0
    condition: Ints
    truth: Ints  # diagnosis row of the code that fits
    listed: Ints  # diagnosis row of the code that claims carry, −1: none
    kind: Ints  # of under-coding, into KINDS
    under: Bools  # under-coded
    history: Bools  # the condition is over, and a history code is listed
    sure: Bools  # never replaced by an unspecified sibling on single claims


@dataclass
class _Plan(Rows):
    """One element per person and chronic condition."""

    person: Ints
    condition: Ints
    truth: Ints
    style: Ints
    sure: Bools


def fall_ill(world: World, people: People, membership: Membership) -> Episodes:
    """What each person has in each year, and how it is coded.

    A condition that was coded before is coded again with the chance of the catalogue (``recapture``), it may end
    (``resolves``), and some are never coded, or by a less specific code.
    """
    catalogue, draws = world.catalogue, world.draws
    plan = _plan(world, people)
    person, size = plan.person, plan.person.size
    rated = catalogue.has_hcc[plan.truth]
    recapture = numbers(catalogue.condition_rows, "recapture")[plan.condition]
    resolves = numbers(catalogue.condition_rows, "resolves")[plan.condition]
    implied, past = catalogue.implied[plan.condition] >= 0, catalogue.history[plan.condition]
    vague, apart = plan.style == SIBLING, plan.style == APART
    listed = np.where(vague, catalogue.sibling[plan.truth], plan.truth)
    listed = np.where(apart, catalogue.diagnosis("diabetes", "E119"), listed)
    coded_before, over, no = (np.zeros(size, dtype=bool) for _ in range(3))
    parts = []
    for y in range(len(world.years)):
        gone = over
        if y:
            over = over | (draws("resolves", size) < resolves)
        covered = (membership.first_year[person] <= y) & (people.death[person] > world.starts[y] + 60)
        again = draws("recapture", size) < np.where(coded_before | (y == 0), recapture, 0.5)
        if y == 0:
            again |= draws("first year", size) < 0.8
        coded = ~over & (plan.style != NEVER_CODED) & (again | plan.sure | ~rated)
        kind = np.select(
            [
                coded & vague,
                coded & apart,
                ~coded & coded_before & ~vague,
                ~coded & (plan.style == NEVER_CODED) & implied,
            ],
            [UNSPECIFIED, COMBINATION, LAPSED, IMPLIED],
            0,
        )
        under = rated & ~over & (~coded | vague | apart)
        year, told = np.full(size, y), np.where(coded, listed, -1)
        now = Episodes(person, year, plan.condition, plan.truth, told, kind, under, no, plan.sure)
        parts.append(now.take(np.flatnonzero(covered & ~over)))
        after = Episodes(person, year, plan.condition, plan.truth, past, no.astype(int), no, ~no, plan.sure)
        parts.append(after.take(np.flatnonzero(covered & over & ~gone & (past >= 0))))
        coded_before = coded & covered & rated
    return Episodes.stack(*parts)


def _plan(world: World, people: People) -> _Plan:
    """What each person has, the code that fits, and how it will be coded."""
    catalogue, draws = world.catalogue, world.draws
    has = _conditions(world, people)
    person, condition = np.nonzero(has)
    truth = np.zeros(has.shape, dtype=np.int64)
    truth[person, condition] = catalogue.diagnosis_menu.choose(condition, draws("variant", person.size))
    rated = catalogue.has_hcc[truth]
    u = draws("style", has.shape)
    never = np.where(catalogue.implied >= 0, 0.14, 0.04)
    style = np.where(rated & (u < never), NEVER_CODED, CODED)
    style = np.where(rated & (catalogue.sibling[truth] >= 0) & (u > 0.75), SIBLING, style)
    partner = _join(catalogue, has, truth, style, draws("apart", people.size))
    sure = np.zeros(has.shape, dtype=bool)
    rows = np.flatnonzero(partner >= 0)
    sure[rows, partner[rows]] = True
    sure[rows, catalogue.conditions["diabetes"]] = True
    at = person, condition
    return _Plan(*at, truth[at], style[at], sure[at])


def _conditions(world: World, people: People) -> Bools:
    """Whether each person has each condition of the catalogue (events: never)."""
    catalogue = world.catalogue
    has = np.zeros((people.size, len(catalogue.condition_rows)), dtype=bool)
    uniform = world.draws("conditions", (len(catalogue.chronic), people.size))
    for u, c in zip(uniform, catalogue.chronic, strict=True):
        row = catalogue.condition_rows[c]
        chance = catalogue.prevalence[c][people.band[:, 0]] * people.risk
        if row["given"]:
            cause, factor = row["given"].split(":")
            chance = np.where(has[:, catalogue.conditions[cause]], chance * float(factor), chance * 0.7)
        if row["sex"]:
            chance = np.where(people.male == (row["sex"] == "male"), chance, 0.0)
        has[:, c] = u < np.minimum(chance, 0.95)
    return has


def _join(catalogue: Catalogue, has: Bools, truth: Ints, style: Ints, apart: Floats) -> Ints:
    """Give diabetics with a complication the joined code, and some of them the two codes apart.

    Changes truth and style. Returns for each person the condition that stands apart, −1 where none does.
    """
    diabetes = catalogue.conditions["diabetes"]
    partner = np.full(has.shape[0], -1)
    for name, code in JOINED:
        other = catalogue.conditions[name]
        both = has[:, diabetes] & has[:, other] & (partner < 0)
        truth[both, diabetes] = catalogue.diagnosis("diabetes", code)
        partner[both] = other
    # Everybody else's diabetes has no complication that would need another code beside it.
    split = (partner >= 0) & (apart < 0.25)
    style[partner >= 0, diabetes] = CODED
    style[split, diabetes] = APART
    rows = np.flatnonzero(split)
    style[rows, partner[rows]] = CODED
    return np.where(split, partner, -1)
