"""Necessity: services that come too soon after the last one, or are for a reason that payers leave out."""

from __future__ import annotations

import numpy as np

from cpticd.simulation.catalogue import Catalogue
from cpticd.simulation.dates import months
from cpticd.simulation.manual import policy
from cpticd.simulation.schedule import Encounters
from cpticd.simulation.services import HOSPITAL, Services
from cpticd.simulation.vectors import Bools, Ints, flags, group_starts
from cpticd.simulation.world import World

#: Services that are not due again before so many whole months have passed after the month of the last one; what
#: stands in place of one that comes too soon ("": nothing).
INTERVALS = (
    (("G0438", "G0439"), 11, "99397"),
    (("G0444",), 11, ""),
    (("77067",), 11, ""),
    (("77080",), 23, ""),
)
#: How often a screening service without a screening diagnosis stays: the error that is planted.
NOT_SCREENING = 0.5
#: A test whose coverage policy leaves out routine examinations, and how often one stays there all the same.
VITAMIN_D, NOT_COVERED = "82306", 0.15
#: Reasons of a mammogram that is no screening.
FINDINGS = ("N6310", "R928")


def limit(world: World, met: Encounters, lines: Services) -> Services:
    """Lines without those that come too soon or are for the wrong reason, but for what is planted of the latter."""
    catalogue, number = world.catalogue, world.catalogue.procedures
    lines = _not_covered(world, met, _screening(world, met, lines))
    healing = met.reason == catalogue.diagnosis("fracture", "S52501D")
    lines = lines.take((lines.procedure != number["25600"]) | ~healing[lines.encounter])
    _first_wellness_visit(catalogue, met, lines)
    for codes, apart, instead in INTERVALS:
        soon = _too_soon(met, lines, np.flatnonzero(catalogue.is_procedure(lines.procedure, *codes)), apart)
        if instead:
            lines.procedure[soon] = number[instead]
        else:
            lines = lines.take(~soon)
    # Breast tomosynthesis comes with a screening mammogram.
    return lines.take((lines.procedure != number["77063"]) | _beside(lines, number["77067"]))


def _beside(lines: Services, procedure: int) -> Bools:
    """Lines whose encounter has the procedure."""
    return np.isin(lines.encounter, lines.encounter[lines.procedure == procedure])


def _screening(world: World, met: Encounters, lines: Services) -> Services:
    """A diagnostic mammogram where the reason is a finding."""
    catalogue, number = world.catalogue, world.catalogue.procedures
    finding = np.isin(met.reason, [catalogue.diagnosis("mammogram", code) for code in FINDINGS])
    wrong = (lines.procedure == number["77067"]) & finding[lines.encounter]
    wrong &= (world.draws("not screening", wrong.size) >= NOT_SCREENING) | (lines.venue == HOSPITAL)
    both = wrong & _beside(lines, number["77065"])
    lines.procedure[wrong] = number["77065"]
    return lines.take(~both)


def _not_covered(world: World, met: Encounters, lines: Services) -> Services:
    """No vitamin D test for a reason that its policy does not cover, but for the share that is planted."""
    catalogue = world.catalogue
    routine = np.isin(np.array(catalogue.codes)[met.reason], policy(VITAMIN_D))
    mine = (lines.procedure == catalogue.procedures[VITAMIN_D]) & routine[lines.encounter]
    # On a hospital's claim every diagnosis counts, elsewhere those that the line points to.
    mine &= (lines.venue == HOSPITAL) | (lines.pointers <= 0).all(axis=1)
    stays = (world.draws("not covered", mine.size) < NOT_COVERED) & (lines.venue != HOSPITAL)
    return lines.take(~mine | stays)


def _first_wellness_visit(catalogue: Catalogue, met: Encounters, lines: Services) -> None:
    """The first wellness visit of Medicare is the first: later ones are subsequent ones."""
    number = catalogue.procedures
    index = np.flatnonzero(catalogue.is_procedure(lines.procedure, "G0438", "G0439"))
    person, day = met.person[lines.encounter[index]], met.day[lines.encounter[index]]
    order = np.lexsort((index, day, person))
    again = index[order][~group_starts(person[order])]
    lines.procedure[again[lines.procedure[again] == number["G0438"]]] = number["G0439"]


def _too_soon(met: Encounters, lines: Services, index: Ints, apart: int) -> Bools:
    """Lines among ``index`` that come no more than ``apart`` months after an earlier one that is there."""
    encounter = lines.encounter[index]
    order = np.lexsort((index, met.day[encounter], met.person[encounter]))
    index, encounter = index[order], encounter[order]
    person, month = met.person[encounter], months(met.day[encounter])
    there = np.ones(index.size, dtype=bool)
    while True:
        # The first of a person that is too soon after the one before it goes, then the next is looked at.
        left = np.flatnonzero(there)
        same = person[left[1:]] == person[left[:-1]]
        soon = left[1:][same & (month[left[1:]] - month[left[:-1]] <= apart)]
        soon = soon[group_starts(person[soon])]
        if not soon.size:
            return flags(lines.encounter.size, index[~there])
        there[soon] = False
