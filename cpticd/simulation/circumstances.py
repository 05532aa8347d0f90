"""Circumstances: what moves denials together, whatever the diagnosis is.

Habits of billing providers, their gaps in a payer's directory, spells in which a person is not covered, courses that
are refused as a whole or beyond a limit; and what a payer, all payers, or all payers of one provider deny more often.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cpticd.simulation.behaviour import Behaviour, Reasons
from cpticd.simulation.book import Book
from cpticd.simulation.catalogue import numbers, rows
from cpticd.simulation.chances import COURSE, GAP, HABIT, LEVELS, SPELL, Moved
from cpticd.simulation.recurrence import BEHAVIORAL, DIALYSIS, KINDS, THERAPY, Courses, ordinals
from cpticd.simulation.schedule import Encounters
from cpticd.simulation.streams import pick
from cpticd.simulation.vectors import Floats, Ints, Rows
from cpticd.simulation.world import World

#: Shares of the persons with a spell, and of the pairs of provider and payer with a gap.
OF_PERSONS, OF_PROVIDERS = 0.1, 0.06
#: Days of a spell, months of a gap: at least, and fewer than.
SPELL_DAYS, GAP_MONTHS = (28, 113), (2, 6)
SPELL_CARCS, GAP_CARCS = ("27", "26"), ("B7", "185")
#: By kind of course: how often one is refused as a whole (of dialysis: a month), how often it has a limit, the limit
#: (at least, and fewer than), and the reasons of both.
REFUSED = {THERAPY: (0.07, 0.15, 6, 20), DIALYSIS: (0.07, 0.0, 1, 2), BEHAVIORAL: (0.04, 0.2, 10, 30)}
REFUSAL_CARC, LIMIT_CARC = {THERAPY: "197", DIALYSIS: "29", BEHAVIORAL: "197"}, "119"
#: Drivers by level: how many, lines of at least, share of the compared lines of at most; range of their odds ratios.
WANTED = {"payer x procedure": (6, 40, 0.4), "procedure": (3, 150, 1.0), "provider": (4, 100, 1.0)}
LOW, HIGH = 2.5, 6.0
DRIVER_REASONS = {"payer x procedure": ("197", ""), "procedure": ("151", ""), "provider": ("4", "")}


@dataclass
class Spells(Rows):
    """One element per span of days in which all lines of its cluster are refused."""

    owner: Ints  # person, or billing provider
    payer: Ints
    start: Ints
    end: Ints  # last day
    reason: Ints
    lines: Ints


@dataclass
class Units(Rows):
    """One element per course of therapy, month of dialysis and year of weekly visits that has lines."""

    course: Ints
    start: Ints
    end: Ints
    whole: Ints  # 1: refused as a whole
    limit: Ints  # visits after which it is refused, 0 none
    reason: Ints  # −1 none
    lines: Ints
    refused: Ints  # lines


@dataclass
class Drivers(Rows):
    """One element per payer × procedure, procedure or provider of which more is denied."""

    level: Ints  # into LEVELS
    payer: Ints  # −1: all
    procedure: Ints
    provider: Ints
    odds: Floats
    reason: Ints
    start: Ints
    lines: Ints
    after: Ints  # lines from the start on


@dataclass
class Circumstances:
    """All that moves lines together, and what it does to each of them."""

    moved: Moved
    habits: Floats  # odds by billing provider
    spells: Spells
    gaps: Spells
    units: Units
    drivers: Drivers


@dataclass
class _Scene:
    """What every kind of circumstance is drawn from, and what it changes."""

    world: World
    book: Book
    reasons: Reasons
    moved: Moved


def befall(
    world: World, book: Book, met: Encounters, courses: Courses, behaviour: Behaviour, *, effects: bool
) -> Circumstances:
    """Draw the circumstances; none of the drivers without ``effects``."""
    lines, size = book.lines, book.lines.size
    moved = Moved(np.ones(size), np.zeros(size, dtype=np.int64), np.full(size, -1))
    scene = _Scene(world, book, behaviour.reasons, moved)
    provider = book.claims.billing[lines.claim]
    table = rows("habits")
    uniform = world.draws("habits", int(provider.max(initial=0)) + 1)
    odds = numbers(table, "odds")[pick(uniform, numbers(table, "weight"))]
    moved.odds *= odds[provider]
    moved.driver[odds[provider] != 1.0] = HABIT
    drivers = _drivers(scene, behaviour, effects=effects)
    units = _units(scene, met, courses)
    person, every = book.claims.person[lines.claim], np.zeros(size, dtype=np.int64)
    spells = _spans(scene, SPELL, person, every)
    gaps = _spans(scene, GAP, provider, book.payer)
    return Circumstances(moved, odds, spells, gaps, units, drivers)


def _spans(scene: _Scene, kind: int, owner: Ints, of_payer: Ints) -> Spells:
    """Spells of persons, or gaps of providers at payers, of which each has one at most; moves the lines in them."""
    world, book, moved = scene.world, scene.book, scene.moved
    draws, lines, name = world.draws, book.lines, "spell" if kind == SPELL else "gap"
    width = len(book.catalogue.payers)
    keys, of_line = np.unique(owner * width + of_payer, return_inverse=True)
    size, (first, last) = keys.size, (int(world.starts[0]), int(world.starts[-1]))
    share, among = (OF_PERSONS, SPELL_CARCS) if kind == SPELL else (OF_PROVIDERS, GAP_CARCS)
    has = draws(name, size) < share
    if kind == SPELL:
        start = first + draws.below("spell start", size, last - first)
        low, high = SPELL_DAYS
        end = start + low + draws.below("spell days", size, high - low) - 1
    else:
        low, high = GAP_MONTHS
        month = np.array(first).astype("datetime64[D]").astype("datetime64[M]")
        month = month + draws.below("gap start", size, 12 * len(world.years))
        later = month + low + draws.below("gap months", size, high - low)
        start = month.astype("datetime64[D]").astype(np.int64)
        end = later.astype("datetime64[D]").astype(np.int64) - 1
    numbers_of = np.array([scene.reasons.index(carc, "") for carc in among])
    reason = numbers_of[draws.below(f"{name} reason", size, len(among))]
    inside = has[of_line] & (lines.start >= start[of_line]) & (lines.start <= end[of_line])
    moved.refuse(inside, kind, reason[of_line])
    payer = keys % width
    if kind == SPELL:
        payer = np.zeros(size, dtype=np.int64)
        payer[of_line] = book.payer
    found = Spells(keys // width, payer, start, end, reason, np.bincount(of_line[inside], minlength=size))
    return found.take(np.flatnonzero(has))


def _units(scene: _Scene, met: Encounters, courses: Courses) -> Units:
    """Courses of therapy, months of dialysis, years of weekly visits; moves the lines of those that are refused."""
    world, lines, reasons = scene.world, scene.book.lines, scene.reasons
    encounter = scene.book.claims.encounter[lines.claim]
    mine = np.flatnonzero(met.course[encounter] >= 0)
    course, encounter = met.course[encounter[mine]], encounter[mine]
    monthly = courses.kind[course] == DIALYSIS
    keys = np.where(monthly, encounter + courses.kind.size, course)
    unit, first, of_line = np.unique(keys, return_index=True, return_inverse=True)
    size, kind = unit.size, courses.kind[course[first]]
    table = np.array([REFUSED[k] for k in range(len(KINDS))]).reshape(-1, 4)[kind].T
    u = world.draws("refused course", size)
    whole = u < table[0]
    limited = ~whole & (u < table[0] + table[1])
    low = table[2].astype(np.int64)
    limit = low + world.draws.below("limit", size, table[3].astype(np.int64) - low)
    limit = np.where(limited, limit, 0)
    of_whole = np.array([reasons.index(REFUSAL_CARC[k], "") for k in range(len(KINDS))])[kind]
    reason = np.select([whole, limited], [of_whole, reasons.index(LIMIT_CARC, "")], -1)
    refused = whole[of_line] | (limited[of_line] & (ordinals(met)[encounter] > limit[of_line]))
    where = np.zeros(lines.size, dtype=bool)
    where[mine[refused]] = True
    by_line = np.full(lines.size, -1)
    by_line[mine] = reason[of_line]
    scene.moved.refuse(where, COURSE, by_line)
    start, end = np.full(size, np.iinfo(np.int64).max), np.zeros(size, dtype=np.int64)
    np.minimum.at(start, of_line, lines.start[mine])
    np.maximum.at(end, of_line, lines.end[mine])
    counts = [np.bincount(of_line[part], minlength=size) for part in (slice(None), refused)]
    return Units(course[first], start, end, whole.astype(np.int64), limit, reason, *counts)


def _drivers(scene: _Scene, behaviour: Behaviour, *, effects: bool) -> Drivers:
    """Payers × procedures, procedures and providers of which more is denied; moves their lines.

    They are drawn among those with lines enough, of a payer × procedure where no pair effect is planted, and of a
    procedure where no payer has one of its own.
    """
    book, lines, draws = scene.book, scene.book.lines, scene.world.draws
    provider = book.claims.billing[lines.claim]
    width = len(book.catalogue.hcpcs)
    named = np.array([bool(code) for code in book.catalogue.hcpcs])[lines.procedure]
    cell = book.payer * width + lines.procedure
    whole = np.bincount(lines.procedure, minlength=width)
    taken = np.unique(behaviour.effects.payer * width + behaviour.effects.procedure)
    parts, of_procedures = [], np.zeros(0, dtype=np.int64)
    for level, (wanted, least, most) in WANTED.items():
        key = {"payer x procedure": cell, "procedure": lines.procedure, "provider": provider}[level]
        count = np.bincount(key[named])
        large = np.flatnonzero(count >= least)
        if level == "payer x procedure":
            large = large[(count[large] <= most * whole[large % width]) & ~np.isin(large, taken)]
        elif level == "procedure":
            large = large[~np.isin(large, of_procedures)]
        order = np.argsort(draws(f"{level} drivers", large.size), kind="stable")
        chosen = np.sort(large[order[: wanted if effects else 0]])
        if level == "payer x procedure":
            of_procedures = chosen % width
        parts.append(_of_level(scene, level, chosen, key))
    return Drivers.stack(*parts)


def _of_level(scene: _Scene, level: str, chosen: Ints, key: Ints) -> Drivers:
    """The drivers of one level on the chosen of its keys: half from the start, the others from a later month on."""
    world, book, size = scene.world, scene.book, chosen.size
    draws, lines = world.draws, book.lines
    odds = np.round((LOW + (HIGH - LOW) * draws(f"{level} odds", size)) * 100.0) / 100.0
    month = np.datetime64(f"{world.years[0]:04d}-01", "M") + draws.below(
        f"{level} start", size, 9 * len(world.years)
    )
    later = draws(f"{level} later", size) < 0.5
    start = np.where(later, month.astype("datetime64[D]").astype(np.int64), world.starts[0])
    reason = np.full(size, scene.reasons.index(*DRIVER_REASONS[level]))
    counts = np.zeros((2, size), dtype=np.int64)
    for i, number in enumerate(chosen.tolist()):
        mine = key == number
        after = mine & (lines.start >= start[i])
        counts[:, i] = mine.sum(), after.sum()
        scene.moved.raise_odds(after, odds[i], LEVELS.index(level), int(reason[i]))
    width, none = len(book.catalogue.hcpcs), np.full(size, -1)
    payer, procedure, provider = {
        "payer x procedure": (chosen // width, chosen % width, none),
        "procedure": (none, chosen, none),
        "provider": (none, none, chosen),
    }[level]
    of_level = np.full(size, LEVELS.index(level))
    return Drivers(of_level, payer, procedure, provider, odds, reason, start, counts[0], counts[1])
