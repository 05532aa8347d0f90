"""Documentation: which diagnoses stand on the record of each encounter, in which order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cpticd.simulation.catalogue import Catalogue, numbers
from cpticd.simulation.episodes import Episodes
from cpticd.simulation.population import People
from cpticd.simulation.schedule import Encounters
from cpticd.simulation.vectors import Bools, Floats, Ints, Rows, expand, group_starts, within
from cpticd.simulation.world import World

#: Complaints that come up beside the reason of a visit.
BESIDE = (
    "fatigue",
    "back_pain",
    "knee_pain",
    "edema",
    "prediabetes",
    "insomnia",
    "cough",
    "monitoring",
    "shoulder_pain",
    "dizziness",
    "abnormal_lab",
    "hyperlipidemia",
)
#: Diagnoses of an encounter, at most.
MOST = 12


@dataclass
class Documented(Rows):
    """One element per condition on an encounter, sorted by encounter and rank; silent ones come last."""

    encounter: Ints
    diagnosis: Ints  # row written down, −1: silent
    condition: Ints
    rank: Ints  # position among those written down, from 0; −1: silent
    reason: Bools
    orders: Bools  # whether services are ordered for it


def document(world: World, people: People, episodes: Episodes, met: Encounters) -> Documented:
    """What is written down on each encounter: the reason, chronic conditions, complaints beside it."""
    catalogue, size = world.catalogue, met.person.size
    every = np.arange(size)
    yes = np.ones(size, dtype=bool)
    reasons = Documented(
        every, met.reason, catalogue.diagnosis_condition[met.reason], every, yes, ~met.silent
    )
    # The reason that is not written down still has its services.
    quiet = Documented(every, np.full(size, -1), met.condition, every, yes, yes).take(
        np.flatnonzero(met.silent)
    )
    found = Documented.stack(
        reasons, _chronic(world, people, episodes, met), _complaints(world, people, met), quiet
    )
    return _ranked(catalogue, found, world.draws("order", found.encounter.size))


def _chronic(world: World, people: People, episodes: Episodes, met: Encounters) -> Documented:
    """Chronic conditions of the person in that year, some by an unspecified sibling of their code."""
    catalogue, draws, years = world.catalogue, world.draws, len(world.years)
    key = episodes.person * years + episodes.year
    order = np.lexsort((episodes.condition, key))
    wanted = met.person * years + met.year
    start, end = (np.searchsorted(key[order], wanted, side=side) for side in ("left", "right"))
    row, offset = expand(end - start)
    index = order[start[row] + offset]
    listing = numbers(catalogue.setting_rows, "listing")[met.setting]
    chance = 1.3 * numbers(catalogue.condition_rows, "listed")[episodes.condition[index]] * listing[row]
    chemo = met.setting[row] == catalogue.settings["chemo"]
    same = episodes.condition[index] == met.condition[row]
    chance = np.where(same, np.where(chemo, 1.0, 0.0), chance)
    keep = np.flatnonzero(draws("listed", row.size) < chance)
    row, held = row[keep], episodes.take(index[keep])
    vague = (draws("vague beside", row.size) < 0.2) & ~held.sure & (held.listed >= 0)
    code = np.where(vague, catalogue.unspecified[np.maximum(held.listed, 0)], held.listed)
    return Documented(row, code, held.condition, row, np.zeros(row.size, dtype=bool), ~held.history)


def _complaints(world: World, people: People, met: Encounters) -> Documented:
    """Complaints that adults bring up beside the reason."""
    catalogue, draws = world.catalogue, world.draws
    talk = catalogue.is_setting(met.setting, "office", "outpatient", "telehealth")
    adult = people.band[met.person, met.year] > 0
    row = np.flatnonzero(talk & adult & (draws("beside", talk.size) < 0.3))
    which = np.array([catalogue.conditions[name] for name in BESIDE])
    which = which[draws.below("beside which", row.size, len(BESIDE))]
    code = catalogue.diagnosis_menu.choose(which, draws("beside code", row.size))
    yes = np.ones(row.size, dtype=bool)
    return Documented(row, code, which, row, ~yes, yes)


def _ranked(catalogue: Catalogue, found: Documented, shuffle: Floats) -> Documented:
    """Reason first, the others shuffled, each code once, none that an earlier one excludes, twelve at most."""
    encounter, silent = found.encounter, found.diagnosis < 0
    code = np.where(silent, -1, catalogue.code_id[np.maximum(found.diagnosis, 0)])
    place = np.where(silent, 2.0, np.where(found.reason, -1.0, shuffle))
    order = np.lexsort((place, code, encounter))
    order = order[group_starts(encounter[order], code[order]) | silent[order]]
    order = order[np.lexsort((place[order], encounter[order]))]
    order = order[~_excluded(catalogue, encounter[order], found.diagnosis[order])]
    order = order[(within(group_starts(encounter[order])) < MOST) | silent[order]]
    kept = found.take(order)
    kept.rank = np.where(kept.diagnosis < 0, -1, within(group_starts(kept.encounter)))
    return kept


def _excluded(catalogue: Catalogue, encounter: Ints, diagnosis: Ints) -> Bools:
    """Rows whose code excludes that of an earlier row of the same encounter."""
    found = np.zeros(encounter.size, dtype=bool)
    told = diagnosis >= 0
    for apart in range(1, int(within(group_starts(encounter)).max(initial=0)) + 1):
        first, second = np.arange(encounter.size - apart), np.arange(apart, encounter.size)
        both = (encounter[first] == encounter[second]) & told[first] & told[second] & ~found[first]
        first, second = first[both], second[both]
        found[second] |= catalogue.exclusive[diagnosis[first], diagnosis[second]]
    return found
