"""Services that payers want seldom, or for some reasons only."""

from __future__ import annotations

import numpy as np

from cpticd.simulation.catalogue import Catalogue
from cpticd.simulation.draws import Bools, Draws, Ints, group_starts
from cpticd.simulation.edits import policy
from cpticd.simulation.encounters import Encounters
from cpticd.simulation.service_rows import HOSPITAL, Services

#: Services that are not due again before so many whole months have passed after the month of the last one; what
#: stands in place of one that comes too soon ("": nothing).
SELDOM = (
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


def limit(catalogue: Catalogue, draws: Draws, met: Encounters, lines: Services) -> Services:
    """Lines without those that come too soon or are for the wrong reason, but for what is planted of the latter."""
    number = catalogue.procedures
    lines = _screening(catalogue, draws, met, lines)
    lines = _not_covered(catalogue, draws, met, lines)
    healing = met.reason == catalogue.diagnosis("fracture", "S52501D")
    lines = lines.take(np.flatnonzero((lines.procedure != number["25600"]) | ~healing[lines.encounter]))
    _first_wellness_visit(catalogue, met, lines)
    for codes, months, instead in SELDOM:
        mine = np.isin(lines.procedure, [number[code] for code in codes])
        soon = _too_soon(met, lines, np.flatnonzero(mine), months)
        if instead:
            lines.procedure[soon] = number[instead]
        else:
            lines = lines.take(np.flatnonzero(~soon))
    # Breast tomosynthesis comes with a screening mammogram.
    alone = (lines.procedure == number["77063"]) & ~_beside(lines, number["77067"])
    return lines.take(np.flatnonzero(~alone))


def months_of(days: Ints) -> Ints:
    """Months since January 1970."""
    found: Ints = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return found


def _beside(lines: Services, procedure: int) -> Bools:
    """Lines whose encounter has the procedure."""
    found: Bools = np.isin(lines.encounter, lines.encounter[lines.procedure == procedure])
    return found


def _screening(catalogue: Catalogue, draws: Draws, met: Encounters, lines: Services) -> Services:
    """A diagnostic mammogram where the reason is a finding."""
    number = catalogue.procedures
    finding = np.isin(met.reason, [catalogue.diagnosis("mammogram", code) for code in FINDINGS])
    wrong = (lines.procedure == number["77067"]) & finding[lines.encounter]
    wrong &= (draws("not screening", wrong.size) >= NOT_SCREENING) | (lines.venue == HOSPITAL)
    both = wrong & _beside(lines, number["77065"])
    lines.procedure[wrong] = number["77065"]
    return lines.take(np.flatnonzero(~both))


def _not_covered(catalogue: Catalogue, draws: Draws, met: Encounters, lines: Services) -> Services:
    """No vitamin D test for a reason that its policy does not cover, but for the share that is planted."""
    code = policy(VITAMIN_D)
    routine = np.isin(np.array(catalogue.codes)[met.reason], code)
    mine = (lines.procedure == catalogue.procedures[VITAMIN_D]) & routine[lines.encounter]
    # On a hospital's claim every diagnosis counts, elsewhere those that the line points to.
    mine &= (lines.venue == HOSPITAL) | (lines.pointers <= 0).all(axis=1)
    goes = mine & ((draws("not covered", mine.size) >= NOT_COVERED) | (lines.venue == HOSPITAL))
    return lines.take(np.flatnonzero(~goes))


def _first_wellness_visit(catalogue: Catalogue, met: Encounters, lines: Services) -> None:
    """The first wellness visit of Medicare is the first: later ones are subsequent ones."""
    number = catalogue.procedures
    index = np.flatnonzero(np.isin(lines.procedure, [number["G0438"], number["G0439"]]))
    person, day = met.person[lines.encounter[index]], met.day[lines.encounter[index]]
    order = np.lexsort((index, day, person))
    again = index[order][~group_starts(person[order])]
    lines.procedure[again[lines.procedure[again] == number["G0438"]]] = number["G0439"]


def _too_soon(met: Encounters, lines: Services, index: Ints, months: int) -> Bools:
    """Lines among ``index`` that come too soon after an earlier one that is there."""
    person = met.person[lines.encounter[index]]
    month = months_of(met.day[lines.encounter[index]])
    order = np.lexsort((index, met.day[lines.encounter[index]], person))
    index, person, month = index[order], person[order], month[order]
    there = np.ones(index.size, dtype=bool)
    while True:
        # The first of a person that is too soon after the one before it goes, then the next is looked at.
        left = np.flatnonzero(there)
        same = person[left[1:]] == person[left[:-1]]
        soon = left[1:][same & (month[left[1:]] - month[left[:-1]] <= months)]
        soon = soon[group_starts(person[soon])]
        if not soon.size:
            break
        there[soon] = False
    found = np.zeros(lines.encounter.size, dtype=bool)
    found[index[~there]] = True
    return found
