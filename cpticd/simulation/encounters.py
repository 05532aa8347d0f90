"""Simulated encounters: when a person is seen, where, why, and which diagnoses stand on the record."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from cpticd.simulation.catalogue import Catalogue, Menu, menu, weights
from cpticd.simulation.draws import Bools, Floats, Ints, expand, group_starts, small_count, within
from cpticd.simulation.people import IMPLIED, NEVER, World, visits, year_start

#: Supplies and treatments that come again within a year: setting, least and most encounters a year, and the
#: share of persons with the condition who have them.
RECURRING = {
    "respiratory_failure": ("dme", 2, 5, 0.75),
    "ostomy": ("dme", 2, 4, 0.85),
    "amputation": ("dme", 1, 1, 0.4),
    "esrd": ("dialysis", 4, 8, 0.9),
    "breast_cancer": ("chemo", 1, 4, 0.3),
    "colorectal_cancer": ("chemo", 1, 4, 0.4),
    "lung_cancer": ("chemo", 1, 4, 0.45),
    "lymphoma": ("chemo", 1, 4, 0.45),
}
#: Codes that stand on a single claim of persons who do not have the condition.
UNSUPPORTED = (
    ("stroke", "I639", "office"),
    ("heart_attack", "I219", "office"),
    ("embolism", "I2699", "office"),
    ("breast_cancer", "C50911", "office"),
    ("prostate_cancer", "C61", "office"),
    ("chf", "I509", "office"),
    ("depression", "F331", "office"),
    ("copd", "J449", "office"),
    ("afib", "I4891", "office"),
    ("ra", "M069", "office"),
    ("diabetes", "E1142", "office"),
    ("cirrhosis", "K7460", "lab_only"),
    ("lymphoma", "C9000", "lab_only"),
    ("copd", "J449", "lab_only"),
    ("hepatitis_c", "B182", "lab_only"),
)
#: Reasons that are written down where the true one is not.
FALLBACK = ("monitoring", "fatigue", "abnormal_lab")
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


@dataclass
class Encounters:
    """One element per encounter, sorted by person and day."""

    person: Ints
    year: Ints
    day: Ints
    setting: Ints
    condition: Ints  # of the reason, whether or not it is written down
    reason: Ints  # diagnosis row that is written down first
    silent: Bools  # the reason is another one than the one written down
    service: Ints  # procedure row that is certain to be done, −1 none

    def take(self, index: Ints) -> Encounters:
        return Encounters(*(getattr(self, field.name)[index] for field in fields(self)))


@dataclass
class Unsupported:
    """One element per planted code without a condition behind it."""

    person: Ints
    year: Ints
    diagnosis: Ints
    laboratory: Bools


@dataclass
class EncounterDiagnoses:
    """One element per condition on an encounter, sorted by encounter and rank; silent ones come last."""

    encounter: Ints
    diagnosis: Ints  # row written down, −1: silent
    condition: Ints
    rank: Ints  # position among those written down, from 0
    reason: Bools
    orders: Bools  # whether services are ordered for it


def _venues(catalogue: Catalogue) -> tuple[Menu, Ints]:
    rows = [
        (c, catalogue.settings[name], share)
        for c, row in enumerate(catalogue.condition_rows)
        for name, share in weights(row["venues"]).items()
    ]
    condition, setting, share = (np.array(column) for column in zip(*rows, strict=True))
    return menu(condition, share, len(catalogue.condition_rows)), setting


class _Schedule:
    """Collects encounters: (person, year, condition, setting, reason, silent, service, weeks later)."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.parts: list[tuple[Any, ...]] = []

    def _fallback(self, size: int) -> Ints:
        catalogue, draws = self.world.catalogue, self.world.draws
        among = np.array([catalogue.conditions[key] for key in FALLBACK])
        index = among[draws.below("fallback", size, len(FALLBACK))]
        return catalogue.diagnosis_menu.choose(index, draws("fallback", size))

    def add(
        self,
        who: tuple[Ints, Ints],
        condition: Ints,
        setting: Ints,
        reason: Ints,
        service: Ints | None = None,
    ) -> None:
        """Add encounters of ``who`` (person, year); a course of therapy is several, a week apart."""
        size = condition.size
        silent = reason < 0
        reason = np.where(silent, self._fallback(size), reason)
        service = np.full(size, -1) if service is None else service
        sessions = 2 + self.world.draws.below("sessions", size, 3)
        course = setting == self.world.catalogue.settings["therapy"]
        row, week = expand(np.where(course, sessions, 1))
        columns = (*who, condition, setting, reason, silent, service)
        self.parts.append((*(column[row] for column in columns), week))


def _plan(world: World, schedule: _Schedule) -> Unsupported:
    """Put all encounters on the schedule."""
    catalogue, draws, people, episode = world.catalogue, world.draws, world.people, world.episode
    years = len(world.years)
    venue, setting_of = _venues(catalogue)
    settings = catalogue.settings
    # Visits for a chronic condition. The first of the year is an ordinary visit with the code as planned.
    row, visit = expand(visits(catalogue, draws, people, episode))
    condition, listed = episode.condition[row], episode.listed[row]
    setting = setting_of[venue.choose(condition, draws("chronic venue", row.size))]
    elsewhere = np.isin(setting, [settings[name] for name in ("therapy", "asc", "chemo", "telehealth")])
    rated = catalogue.has_hcc[episode.truth[row]] > 0
    setting = np.where((visit == 0) & rated & elsewhere, settings["office"], setting)
    vague = (draws("vague", row.size) < 0.2) & (visit > 0) & ~episode.sure[row] & (listed >= 0)
    listed = np.where(vague, catalogue.unspecified[np.maximum(listed, 0)], listed)
    implied = np.full(len(catalogue.condition_rows), -1)
    for name, code in IMPLIED.items():
        if name not in RECURRING:
            implied[catalogue.conditions[name]] = catalogue.procedures[code]
    service = np.where(visit == 0, implied[condition], -1)
    schedule.add((episode.person[row], episode.year[row]), condition, setting, listed, service)
    # Events.
    for c, rate in enumerate(catalogue.prevalence):
        if catalogue.condition_rows[c]["kind"] == "event" and rate.max() > 0:
            mean = 0.44 * rate[people.band] * people.risk[:, None]
            sex = catalogue.condition_rows[c]["sex"]
            if sex:
                mean = np.where((people.male == (sex == "male"))[:, None], mean, 0.0)
            covered = np.arange(years)[None, :] >= people.first_year[:, None]
            count = small_count(draws("events", mean.shape), mean) * covered
            person_row, _ = expand(count.ravel())
            person, year = person_row // years, person_row % years
            which = np.full(person.size, c)
            where = setting_of[venue.choose(which, draws("event venue", person.size))]
            told = catalogue.diagnosis_menu.choose(which, draws("event code", person.size))
            schedule.add((person, year), which, where, told)
    _recurring(world, schedule)
    return _unsupported(world, schedule)


def _recurring(world: World, schedule: _Schedule) -> None:
    """Supplies and treatments that recur, and services that speak for a specific code."""
    catalogue, draws, episode = world.catalogue, world.draws, world.episode
    settings = catalogue.settings
    for name, (setting, least, most, share) in RECURRING.items():
        unseen = episode.kind == 4
        mine = (episode.condition == catalogue.conditions[name]) & ~episode.history
        chosen = draws("recurring", mine.size) < share
        index = np.flatnonzero(mine & (chosen | unseen))
        row, _ = expand(least + draws.below("recurring count", index.size, most - least + 1))
        index = index[row]
        reason = episode.listed[index]
        if setting == "chemo":
            reason = np.full(index.size, catalogue.diagnosis("chemotherapy", "Z5111"))
        where = np.full(index.size, settings[setting])
        schedule.add((episode.person[index], episode.year[index]), episode.condition[index], where, reason)
    signal = catalogue.signal[episode.truth]
    planted = episode.kind == 2
    other = (draws("signal", signal.size) < 0.35) & (episode.listed == episode.truth)
    index = np.flatnonzero((signal >= 0) & (planted | other))
    supply = catalogue.in_family("dme")[signal[index]].astype(bool)
    where = np.where(supply, settings["dme"], settings["office"])
    who = (episode.person[index], episode.year[index])
    schedule.add(who, episode.condition[index], where, episode.listed[index], signal[index])


def _unsupported(world: World, schedule: _Schedule) -> Unsupported:
    """Single claims with a code that the person's condition does not bear out."""
    catalogue, draws, people, episode = world.catalogue, world.draws, world.people, world.episode
    years = len(world.years)
    size = people.size * years
    person, year = np.divmod(np.arange(size), years)
    chosen = draws("unsupported", size) < 0.02 * (people.band[person, year] >= 2)
    which = draws.below("unsupported code", size, len(UNSUPPORTED))
    diagnosis = np.array([catalogue.diagnosis(name, code) for name, code, _ in UNSUPPORTED])[which]
    setting = np.array([catalogue.settings[name] for _, _, name in UNSUPPORTED])[which]
    condition = catalogue.diagnosis_condition[diagnosis]
    has = np.zeros((people.size, len(catalogue.condition_rows)), dtype=bool)
    has[episode.person, episode.condition] = True
    sex = np.array([row["sex"] for row in catalogue.condition_rows])[condition]
    fits = (sex == "") | ((sex == "male") == people.male[person])
    # A code of a category that the person has under another name would be supported after all.
    free = ~has[person, condition] & ~(has[:, catalogue.conditions["liver_transplant"]][person])
    alive = people.death[person] == NEVER
    index = np.flatnonzero(chosen & fits & free & alive & (year >= people.first_year[person]))
    found = Unsupported(
        person[index], year[index], diagnosis[index], setting[index] == catalogue.settings["lab_only"]
    )
    schedule.add((found.person, found.year), condition[index], setting[index], found.diagnosis)
    return found


def encounters(world: World) -> tuple[Encounters, Unsupported]:
    """All encounters, sorted by person and day, and the unsupported codes planted on some."""
    catalogue, draws, people, years = world.catalogue, world.draws, world.people, world.years
    schedule = _Schedule(world)
    unsupported = _plan(world, schedule)
    person, year, condition, setting, reason, silent, service, week = (
        np.concatenate(column) for column in zip(*schedule.parts, strict=True)
    )
    settings = catalogue.settings
    at_home = (setting == settings["office"]) & people.facility[person] & (service < 0)
    setting = np.where(at_home, settings["nursing"], setting)
    begin = np.array([year_start(item) for item in years])[year]
    end = np.minimum(np.array([year_start(item + 1) for item in years])[year], people.death[person])
    begin = np.where(setting == settings["vaccine"], np.minimum(begin + 258, end - 1), begin)
    # Sessions of one course follow each other week by week.
    uniform = draws("day", person.size)
    first = week == 0
    uniform = uniform[np.flatnonzero(first)[np.cumsum(first) - 1]]
    day = begin + (uniform * (end - begin)).astype(np.int64) + 7 * week
    day = np.minimum(day, end - 1 - (week % 5))
    weekday = (day + 3) % 7
    open_only = ~np.isin(setting, [settings[name] for name in ("ed", "urgent", "inpatient", "dme")])
    shift = np.where(day - 2 >= begin, -2, 2)
    day = np.where(open_only & (weekday >= 5), day + shift, day)
    day = _days_apart(person, day, begin, end, open_only)
    found = Encounters(person, year, day, setting, condition, reason, silent.astype(bool), service)
    _of_age(world, found)
    alive = np.flatnonzero(day < end)
    found = found.take(alive)
    return found.take(np.lexsort((np.arange(alive.size), found.day, found.person))), unsupported


def _of_age(world: World, met: Encounters) -> None:
    """Who has turned 18 by the day of a well-child visit has an adult's."""
    catalogue = world.catalogue
    grown = (met.day - world.people.birth[met.person]) * 4 >= 18 * 1461
    late = (met.condition == catalogue.conditions["well_child"]) & grown
    met.setting[late] = catalogue.settings["wellness"]
    met.condition[late] = catalogue.conditions["wellness"]
    met.reason[late] = catalogue.diagnosis("wellness", "Z0000")


def _days_apart(person: Ints, day: Ints, begin: Ints, end: Ints, open_only: Bools) -> Ints:
    """Move encounters so that nobody is seen for two of them on one day, as far as there are days left."""
    day = day.copy()
    step = np.where(day - begin < end - day, 1, -1)
    for _ in range(30):
        order = np.lexsort((np.arange(day.size), day, person))
        again = np.sort(order[~group_starts(person[order], day[order])])
        again = again[end[again] - begin[again] > 10]
        if not again.size:
            break
        # Turn round before the first and the last days.
        step[again] = np.select(
            [day[again] < begin[again] + 4, day[again] > end[again] - 5], [1, -1], step[again]
        )
        moved = day[again] + step[again]
        weekend = open_only[again] & ((moved + 3) % 7 >= 5)
        day[again] = moved + np.where(weekend, 2 * step[again], 0)
    return day


def diagnoses(world: World, met: Encounters) -> EncounterDiagnoses:
    """What is written down on each encounter: the reason, chronic conditions, complaints beside it."""
    catalogue, draws, people, episode = world.catalogue, world.draws, world.people, world.episode
    years = len(world.years)
    listing = np.array([float(row["listing"]) for row in catalogue.setting_rows])[met.setting]
    size = met.person.size
    # Chronic conditions of the person in that year.
    key = episode.person * years + episode.year
    order = np.lexsort((episode.condition, key))
    key = key[order]
    wanted = met.person * years + met.year
    start = np.searchsorted(key, wanted, side="left")
    row, offset = expand(np.searchsorted(key, wanted, side="right") - start)
    index = order[start[row] + offset]
    chance = 1.3 * catalogue.number("listed")[episode.condition[index]] * listing[row]
    chemo = met.setting[row] == catalogue.settings["chemo"]
    same = episode.condition[index] == met.condition[row]
    chance = np.where(same, np.where(chemo, 1.0, 0.0), chance)
    keep = np.flatnonzero(draws("listed", row.size) < chance)
    row, index = row[keep], index[keep]
    listed = episode.listed[index]
    vague = (draws("vague beside", row.size) < 0.2) & ~episode.sure[index] & (listed >= 0)
    listed = np.where(vague, catalogue.unspecified[np.maximum(listed, 0)], listed)
    # Complaints beside the reason.
    talk = np.isin(met.setting, [catalogue.settings[name] for name in ("office", "outpatient", "telehealth")])
    adult = people.band[met.person, met.year] > 0
    extra = np.flatnonzero(talk & adult & (draws("beside", size) < 0.3))
    which = np.array([catalogue.conditions[name] for name in BESIDE])
    which = which[draws.below("beside which", extra.size, len(BESIDE))]
    code = catalogue.diagnosis_menu.choose(which, draws("beside code", extra.size))
    encounter = np.concatenate([np.arange(size), row, extra])
    diagnosis = np.concatenate([met.reason, listed, code])
    condition = np.concatenate([catalogue.diagnosis_condition[met.reason], episode.condition[index], which])
    reason = np.zeros(encounter.size, dtype=bool)
    reason[:size] = True
    history = np.concatenate(
        [np.zeros(size, dtype=bool), episode.history[index], np.zeros(extra.size, dtype=bool)]
    )
    # The reason that is not written down still has its services.
    quiet = np.flatnonzero(met.silent)
    encounter = np.concatenate([encounter, quiet])
    diagnosis = np.concatenate([diagnosis, np.full(quiet.size, -1)])
    condition = np.concatenate([condition, met.condition[quiet]])
    reason = np.concatenate([reason, np.ones(quiet.size, dtype=bool)])
    orders = np.ones(encounter.size, dtype=bool)
    orders[: history.size] = ~history
    orders[:size] &= ~met.silent
    found = EncounterDiagnoses(encounter, diagnosis, condition, encounter, reason, orders)
    return _ranked(catalogue, found, draws("order", encounter.size))


def _ranked(catalogue: Catalogue, found: EncounterDiagnoses, shuffle: Floats) -> EncounterDiagnoses:
    """Reason first, the others shuffled, each code once, none that an earlier one excludes, twelve at most."""
    encounter, diagnosis, reason = found.encounter, found.diagnosis, found.reason
    silent = diagnosis < 0
    code = np.where(silent, -1, catalogue.code_id[np.maximum(diagnosis, 0)])
    place = np.where(silent, 2.0, np.where(reason, -1.0, shuffle))
    order = np.lexsort((place, code, encounter))
    order = order[group_starts(encounter[order], code[order]) | silent[order]]
    order = order[np.lexsort((place[order], encounter[order]))]
    order = order[~_excluded(catalogue, encounter[order], diagnosis[order])]
    rank = within(group_starts(encounter[order]))
    order = order[(rank < 12) | silent[order]]
    rank = within(group_starts(encounter[order]))
    return EncounterDiagnoses(
        encounter[order],
        diagnosis[order],
        found.condition[order],
        np.where(silent[order], -1, rank),
        reason[order],
        found.orders[order],
    )


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
