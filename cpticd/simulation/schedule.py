"""Schedule: when a person is seen, where and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cpticd.simulation.catalogue import numbers, rows, whole
from cpticd.simulation.dates import NEVER, ages, is_weekend
from cpticd.simulation.episodes import IMPLIED, UNSPECIFIED, Episodes
from cpticd.simulation.membership import Membership
from cpticd.simulation.population import People
from cpticd.simulation.streams import small_count
from cpticd.simulation.vectors import Bools, Ints, Rows, expand, group_starts
from cpticd.simulation.world import World

#: Reasons that are written down where the true one is not.
FALLBACK = ("monitoring", "fatigue", "abnormal_lab")
#: Settings that do not open a year of care: its first visit is an ordinary one.
ELSEWHERE = ("therapy", "asc", "chemo", "telehealth")
#: Settings that are open on weekends.
ALWAYS_OPEN = ("ed", "urgent", "inpatient", "dme")


@dataclass
class Encounters(Rows):
    """One element per encounter, sorted by person and day."""

    person: Ints
    year: Ints  # number of the year, from 0
    day: Ints
    setting: Ints
    condition: Ints  # of the reason, whether or not it is written down
    reason: Ints  # diagnosis row that is written down first
    silent: Bools  # the reason is another one than the one written down
    service: Ints  # procedure row that is certain to be done, −1 none
    stay: Ints  # days, where it is an inpatient stay
    course: Ints  # of recurring services that it belongs to, −1 none


@dataclass
class Unsupported(Rows):
    """One element per planted code without a condition behind it."""

    person: Ints
    year: Ints
    diagnosis: Ints
    laboratory: Bools


@dataclass
class _Wanted(Rows):
    """One element per encounter that is wanted: a course of therapy is one."""

    person: Ints
    year: Ints
    condition: Ints
    setting: Ints
    reason: Ints  # diagnosis row, −1: not written down
    service: Ints


@dataclass
class _Booked(_Wanted):
    """One element per encounter; ``week`` counts from the first of a course."""

    silent: Bools
    week: Ints


def encounters(
    world: World, people: People, membership: Membership, episodes: Episodes, *, courses: bool = False
) -> tuple[Encounters, Unsupported]:
    """All encounters, sorted by person and day, and the unsupported codes planted on some.

    ``courses`` — what recurs by courses comes later, so that single sessions of dialysis are left out.
    A new kind of encounter is one more group of ``_Wanted``.
    """
    unsupported, groundless = _unsupported(world, people, membership, episodes)
    wanted = (
        _for_episodes(world, people, episodes),
        *_for_events(world, people, membership),
        *_recurring(world, episodes, () if not courses else ("dialysis",)),
        _for_signals(world, episodes),
        groundless,
    )
    booked = _Booked.stack(*(_book(world, group) for group in wanted))
    return _dated(world, people, booked), unsupported


def _for_episodes(world: World, people: People, episodes: Episodes) -> _Wanted:
    """Visits for a chronic condition; a coded one has at least one, an ordinary visit with the code as planned."""
    catalogue, draws = world.catalogue, world.draws
    mean = numbers(catalogue.condition_rows, "visits")[episodes.condition]
    mean = mean * (0.3 + 0.2 * people.risk[episodes.person])
    count = small_count(draws("visits", episodes.person.size), mean)
    rated = catalogue.has_hcc[episodes.truth]
    needed = ((episodes.listed >= 0) & (rated | episodes.sure)) | (episodes.kind > 0)
    count = np.where(episodes.history, 0, np.where(needed, np.maximum(count, 1), count))
    row, visit = expand(count)
    condition, listed = episodes.condition[row], episodes.listed[row]
    venue, setting_of = catalogue.venues
    setting = setting_of[venue.choose(condition, draws("chronic venue", row.size))]
    opening = (visit == 0) & rated[row] & catalogue.is_setting(setting, *ELSEWHERE)
    setting = np.where(opening, catalogue.settings["office"], setting)
    vague = (draws("vague", row.size) < 0.2) & (visit > 0) & ~episodes.sure[row] & (listed >= 0)
    listed = np.where(vague, catalogue.unspecified[np.maximum(listed, 0)], listed)
    implied = catalogue.implied.copy()
    implied[[catalogue.conditions[item["condition"]] for item in rows("recurring")]] = -1
    service = np.where(visit == 0, implied[condition], -1)
    return _Wanted(episodes.person[row], episodes.year[row], condition, setting, listed, service)


def _for_events(world: World, people: People, membership: Membership) -> Iterator[_Wanted]:
    """Encounters for what comes and goes, from colds to accidents, by condition."""
    catalogue, draws = world.catalogue, world.draws
    years = len(world.years)
    venue, setting_of = catalogue.venues
    covered = np.arange(years)[None, :] >= membership.first_year[:, None]
    for c, rate in enumerate(catalogue.prevalence):
        row = catalogue.condition_rows[c]
        if row["kind"] != "event" or rate.max() == 0:
            continue
        mean = 0.44 * rate[people.band] * people.risk[:, None]
        if row["sex"]:
            mean = np.where((people.male == (row["sex"] == "male"))[:, None], mean, 0.0)
        count = small_count(draws("events", mean.shape), mean) * covered
        person, year = np.divmod(expand(count.ravel())[0], years)
        which = np.full(person.size, c)
        setting = setting_of[venue.choose(which, draws("event venue", person.size))]
        reason = catalogue.diagnosis_menu.choose(which, draws("event code", person.size))
        yield _Wanted(person, year, which, setting, reason, np.full(person.size, -1))


def _recurring(world: World, episodes: Episodes, without: tuple[str, ...]) -> Iterator[_Wanted]:
    """Supplies and treatments that come again within a year, by condition (recurring.csv), but for some settings."""
    catalogue, draws = world.catalogue, world.draws
    table = [item for item in rows("recurring") if item["setting"] not in without]
    least, most, share = whole(table, "least"), whole(table, "most"), numbers(table, "share")
    for i, item in enumerate(table):
        mine = (episodes.condition == catalogue.conditions[item["condition"]]) & ~episodes.history
        chosen = draws("recurring", mine.size) < share[i]
        index = np.flatnonzero(mine & (chosen | (episodes.kind == IMPLIED)))
        count = least[i] + draws.below("recurring count", index.size, most[i] - least[i] + 1)
        index = index[expand(count)[0]]
        reason = episodes.listed[index]
        if item["setting"] == "chemo":
            reason = np.full(index.size, catalogue.diagnosis("chemotherapy", "Z5111"))
        setting = np.full(index.size, catalogue.settings[item["setting"]])
        none = np.full(index.size, -1)
        yield _Wanted(
            episodes.person[index], episodes.year[index], episodes.condition[index], setting, reason, none
        )


def _for_signals(world: World, episodes: Episodes) -> _Wanted:
    """Services that speak for a specific code, where a less specific one is listed, and at times where not."""
    catalogue = world.catalogue
    signal = catalogue.signal[episodes.truth]
    other = (world.draws("signal", signal.size) < 0.35) & (episodes.listed == episodes.truth)
    index = np.flatnonzero((signal >= 0) & ((episodes.kind == UNSPECIFIED) | other))
    supply = catalogue.in_family(signal[index], "dme")
    setting = np.where(supply, catalogue.settings["dme"], catalogue.settings["office"])
    found = episodes.take(index)
    return _Wanted(found.person, found.year, found.condition, setting, found.listed, signal[index])


def _unsupported(
    world: World, people: People, membership: Membership, episodes: Episodes
) -> tuple[Unsupported, _Wanted]:
    """Single encounters with a code (unsupported.csv) that the person's condition does not bear out."""
    catalogue, draws = world.catalogue, world.draws
    years = len(world.years)
    size = people.size * years
    person, year = np.divmod(np.arange(size), years)
    chosen = draws("unsupported", size) < 0.02 * (people.band[person, year] >= 2)
    table = rows("unsupported")
    which = draws.below("unsupported code", size, len(table))
    diagnosis = np.array([catalogue.diagnosis(row["condition"], row["code"]) for row in table])[which]
    setting = np.array([catalogue.settings[row["setting"]] for row in table])[which]
    condition = catalogue.diagnosis_condition[diagnosis]
    has = np.zeros((people.size, len(catalogue.condition_rows)), dtype=bool)
    has[episodes.person, episodes.condition] = True
    sex = np.array([row["sex"] for row in catalogue.condition_rows])[condition]
    fits = (sex == "") | ((sex == "male") == people.male[person])
    # A code of a category that the person has under another name would be supported after all.
    free = ~has[person, condition] & ~(has[:, catalogue.conditions["liver_transplant"]][person])
    alive = people.death[person] == NEVER
    index = np.flatnonzero(chosen & fits & free & alive & (year >= membership.first_year[person]))
    person, year, diagnosis, setting = person[index], year[index], diagnosis[index], setting[index]
    return (
        Unsupported(person, year, diagnosis, setting == catalogue.settings["lab_only"]),
        _Wanted(person, year, condition[index], setting, diagnosis, np.full(index.size, -1)),
    )


def _book(world: World, wanted: _Wanted) -> _Booked:
    """Encounters with a reason that is written down; a course of therapy is several, a week apart."""
    catalogue, draws = world.catalogue, world.draws
    size = wanted.person.size
    wanted.reason, silent = written_down(world, wanted.reason, "fallback")
    sessions = 2 + draws.below("sessions", size, 3)
    row, week = expand(np.where(wanted.setting == catalogue.settings["therapy"], sessions, 1))
    return _Booked(**vars(wanted.take(row)), silent=silent[row], week=week)


def written_down(world: World, reason: Ints, stream: str) -> tuple[Ints, Bools]:
    """The diagnosis rows that are written down as reasons, and where the true one (−1) is not."""
    catalogue, draws = world.catalogue, world.draws
    silent = reason < 0
    among = np.array([catalogue.conditions[name] for name in FALLBACK])
    instead = among[draws.below(stream, reason.size, len(FALLBACK))]
    fallback = catalogue.diagnosis_menu.choose(instead, draws(stream, reason.size))
    return np.where(silent, fallback, reason), silent


def _dated(world: World, people: People, booked: _Booked) -> Encounters:
    """Encounters on days: none after death, few on weekends, and hardly two of a person on one day."""
    catalogue, settings = world.catalogue, world.catalogue.settings
    person, year, week = booked.person, booked.year, booked.week
    # Who lives in a nursing facility is seen there.
    visited = (booked.setting == settings["office"]) & people.facility[person] & (booked.service < 0)
    setting = np.where(visited, settings["nursing"], booked.setting)
    begin = world.starts[year]
    end = np.minimum(world.starts[year + 1], people.death[person])
    # Vaccines are given from mid-September on.
    begin = np.where(setting == settings["vaccine"], np.minimum(begin + 258, end - 1), begin)
    uniform = world.draws("day", person.size)
    first = week == 0
    uniform = uniform[np.flatnonzero(first)[np.cumsum(first) - 1]]
    day = begin + (uniform * (end - begin)).astype(np.int64) + 7 * week
    day = np.minimum(day, end - 1 - (week % 5))
    weekdays = ~catalogue.is_setting(setting, *ALWAYS_OPEN)
    day = np.where(weekdays & is_weekend(day), day + np.where(day - 2 >= begin, -2, 2), day)
    day = _days_apart(person, day, begin, end, weekdays)
    condition, reason, silent, service = booked.condition, booked.reason, booked.silent, booked.service
    one = np.ones_like(day)
    found = Encounters(
        person, year, day, setting, condition, reason, silent, service, stay=one, course=one * -1
    )
    _of_age(world, people, found)
    found = found.take(day < end)
    found = found.take(np.lexsort((np.arange(found.day.size), found.day, found.person)))
    # Nobody is discharged in a year that is not simulated.
    left = np.maximum(world.starts[-1] - 1 - found.day, 1)
    found.stay = np.minimum(1 + world.draws.below("stay", found.day.size, 6), left)
    return found


def _of_age(world: World, people: People, met: Encounters) -> None:
    """Who has turned 18 by the day of a well-child visit has an adult's."""
    catalogue = world.catalogue
    grown = ages(met.day, people.birth[met.person]) >= 18
    late = (met.condition == catalogue.conditions["well_child"]) & grown
    met.setting[late] = catalogue.settings["wellness"]
    met.condition[late] = catalogue.conditions["wellness"]
    met.reason[late] = catalogue.diagnosis("wellness", "Z0000")


def _days_apart(person: Ints, day: Ints, begin: Ints, end: Ints, weekdays: Bools) -> Ints:
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
        day[again] = moved + np.where(weekdays[again] & is_weekend(moved), 2 * step[again], 0)
    return day
