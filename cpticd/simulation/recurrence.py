"""Recurrence: services that come again and again for one person and diagnosis: courses of therapy, months of dialysis,
behavioral health by the week.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cpticd.simulation.catalogue import numbers, rows, whole
from cpticd.simulation.dates import is_weekend, months
from cpticd.simulation.episodes import IMPLIED, Episodes
from cpticd.simulation.population import People
from cpticd.simulation.schedule import Encounters, written_down
from cpticd.simulation.services import HOSPITAL, Services
from cpticd.simulation.vectors import Bools, Ints, Rows, expand, group_starts, within
from cpticd.simulation.world import World

KINDS = ("therapy", "dialysis", "behavioral")
THERAPY, DIALYSIS, BEHAVIORAL = range(len(KINDS))
#: Sessions of dialysis that are not kept.
MISSED = 0.06
#: Weekdays of sessions, counted from Thursday, on which 1970 began: Monday, Wednesday, Friday.
SESSION_DAYS = (4, 6, 1)


@dataclass
class Courses(Rows):
    """One element per course: visits of a person within a year for one condition."""

    kind: Ints  # into KINDS
    person: Ints
    year: Ints
    condition: Ints
    setting: Ints
    reason: Ints  # diagnosis row that is written down
    silent: Bools  # the reason is another one than the one written down
    first: Ints  # first day
    visits: Ints  # months of dialysis
    apart: Ints  # days between visits; 0: one a month


def recur(world: World, people: People, episodes: Episodes, met: Encounters) -> tuple[Encounters, Courses]:
    """The encounters and those of courses (courses.csv) of what persons have, sorted by person and day.

    Visits of a course end with the year or the person's life, and pass over days on which the person is seen anyway.
    """
    courses = _courses(world, episodes)
    row, visit = expand(courses.visits)
    monthly = courses.kind[row] == DIALYSIS
    day = courses.first[row] + courses.apart[row] * visit
    day += np.where(is_weekend(day) & ~monthly, 2, 0)
    day = np.where(monthly, _first_session(world.starts[courses.year[row]], visit), day)
    end = np.minimum(world.starts[courses.year[row] + 1], people.death[courses.person[row]])
    seen = np.isin(_key(courses.person[row], day), _key(met.person, met.day))
    keep = np.flatnonzero((day >= courses.first[row]) & (day < end) & (monthly | ~seen))
    row, day = row[keep], day[keep]
    found = courses.take(row)
    one = np.ones_like(day)
    added = Encounters(
        found.person, found.year, day, found.setting, found.condition, found.reason, found.silent,
        service=one * -1, stay=one, course=row,
    )  # fmt: skip
    both = Encounters.stack(met, added)
    return both.take(np.lexsort((np.arange(both.day.size), both.day, both.person))), courses


def _key(person: Ints, day: Ints) -> Ints:
    found: Ints = person * (1 << 20) + day
    return found


def _courses(world: World, episodes: Episodes) -> Courses:
    """Which episodes have a course, from when on and how long."""
    catalogue, draws = world.catalogue, world.draws
    table, parts = rows("courses"), []
    share, apart = numbers(table, "share"), whole(table, "apart")
    least, most = whole(table, "least"), whole(table, "most")
    for i, item in enumerate(table):
        mine = (episodes.condition == catalogue.conditions[item["condition"]]) & ~episodes.history
        chosen = draws("courses", mine.size) < share[i]
        monthly = item["kind"] == KINDS[DIALYSIS]
        # What implies a condition that nobody codes is there all the same.
        mine &= chosen & (episodes.listed >= 0) | (monthly & (episodes.kind == IMPLIED))
        found = episodes.take(np.flatnonzero(mine))
        size = found.person.size
        reason, silent = written_down(world, found.listed, "course")
        first = world.starts[found.year] + draws.below("course day", size, 1 if monthly else 300)
        visits = least[i] + draws.below("course visits", size, most[i] - least[i] + 1)
        none = np.zeros(size, dtype=np.int64)
        setting = none + catalogue.settings[item["setting"]]
        kind = none + KINDS.index(item["kind"])
        parts.append(
            Courses(
                kind, found.person, found.year, found.condition, setting, reason, silent, first, visits,
                none + apart[i],
            )
        )  # fmt: skip
    return Courses.stack(*parts)


def _first_session(start: Ints, month: Ints) -> Ints:
    """The first day of sessions in the ``month``-th month, from 0, after January 1 of a year."""
    january = start.astype("datetime64[D]").astype("datetime64[M]")
    day = (january + month).astype("datetime64[D]").astype(np.int64)
    for _ in range(2):
        day = day + ~_is_session(day)
    return day


def _is_session(day: Ints) -> Bools:
    return np.isin(day % 7, SESSION_DAYS)


def sessions(world: World, people: People, met: Encounters, courses: Courses, lines: Services) -> Services:
    """The lines, of which a dialysis facility's month has one for each session that was kept."""
    of_course = met.course[lines.encounter]
    facility = (of_course >= 0) & (lines.venue == HOSPITAL)
    facility &= courses.kind[np.maximum(of_course, 0)] == DIALYSIS
    row, step = expand(np.where(facility, 31, 1))
    day = met.day[lines.encounter[row]] + step
    same = months(day) == months(met.day[lines.encounter[row]])
    alive = day < people.death[met.person[lines.encounter[row]]]
    kept = (world.draws("sessions kept", row.size) >= MISSED) | (step == 0)
    keep = ~facility[row] | (same & alive & kept & _is_session(day))
    found = lines.take(row[keep])
    found.first_day = found.first_day + step[keep]
    found.last_day = found.last_day + step[keep]
    return found


def ordinals(met: Encounters) -> Ints:
    """The number of each encounter in its course, from 1; 0 outside of courses."""
    order = np.lexsort((met.day, met.course))
    found = np.zeros(met.day.size, dtype=np.int64)
    found[order] = within(group_starts(met.course[order])) + 1
    return np.where(met.course >= 0, found, 0)
