"""Services: what is done on each encounter, for which diagnoses, and on whose claim it stands.

In three steps: visits, treatments and what the conditions ask for (``order``); :mod:`necessity` takes away what
payers would not want; what comes with the rest (``complete``): facility fees, readings, drawings of blood, units.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cpticd.simulation.catalogue import numbers, rows, whole
from cpticd.simulation.documentation import Documented
from cpticd.simulation.practices import Seen
from cpticd.simulation.schedule import Encounters
from cpticd.simulation.streams import Streams, pick
from cpticd.simulation.vectors import Bools, Ints, Rows, expand, flags, group_starts, within
from cpticd.simulation.world import World

#: Whose claim a line stands on: the encounter's own, an independent laboratory's, the hospital's, a reading
#: physician's, a supplier's.
MAIN, LABORATORY, HOSPITAL, READING, SUPPLIER = range(5)
#: Services ordered for a condition that is not the reason of the visit are less likely.
BESIDE_REASON = 0.45
#: Laboratory services for which no blood is drawn.
BLOODLESS = ("81001", "81003", "87086", "88305", "88175", "87624", "87880", "87426", "87804")


@dataclass
class Services(Rows):
    """One element per service line."""

    encounter: Ints
    procedure: Ints
    venue: Ints
    pointers: Ints  # four columns of ranks of the encounter's diagnoses, −1: none
    units: Ints
    first_day: Ints  # days after the encounter's first
    last_day: Ints


def _services(encounter: Ints, procedure: Ints, pointers: Ints, venue: Ints | int = MAIN) -> Services:
    none = np.zeros(encounter.size, dtype=np.int64)
    return Services(encounter, procedure, none + venue, pointers, none + 1, none, none)


def order(world: World, met: Encounters, seen: Seen, noted: Documented) -> Services:
    """Visits and treatments of the setting, and tests, drugs and procedures that the conditions ask for."""
    catalogue, size = world.catalogue, met.person.size
    listed = np.bincount(noted.encounter[noted.rank >= 0], minlength=size)
    visit = Services.stack(*_kits(world, met, seen.new, listed))
    asked = _ordered(world, met, noted, listed)
    # A service that the setting's kit holds is not ordered once more.
    width = len(catalogue.hcpcs)
    twice = np.isin(asked.encounter * width + asked.procedure, visit.encounter * width + visit.procedure)
    lines = Services.stack(visit, asked.take(~twice))
    # An add-on to the visit stands only beside one.
    office = np.array([code[:3] in ("992", "991") for code in catalogue.hcpcs])[lines.procedure]
    office &= catalogue.in_family(lines.procedure, "em")
    has_visit = flags(size, lines.encounter[office])[lines.encounter]
    lines = lines.take(has_visit | ~catalogue.is_procedure(lines.procedure, "G2211", "90833"))
    lines.venue = _route(world, met, lines)
    return lines


def _kits(world: World, met: Encounters, new: Bools, listed: Ints) -> Iterator[Services]:
    """Visits and treatments that belong to the setting itself (kits.csv): each by itself, or one of several."""
    catalogue, draws = world.catalogue, world.draws
    groups: dict[tuple[str, str, str], list[tuple[int, float]]] = {}
    for i, row in enumerate(rows("kits")):
        found = groups.setdefault((row["setting"], row["condition"], row["pick"] or f"alone {i}"), [])
        found.append((catalogue.procedures[row["code"]], float(row["weight"])))
    for (setting, condition, choice), items in groups.items():
        name = {"office_new": "office", "inpatient_facility": "inpatient"}.get(setting, setting)
        mine = met.setting == catalogue.settings[name]
        if name == "office":
            mine &= new == (setting == "office_new")
        if condition:
            mine &= met.condition == catalogue.conditions[condition]
        index = np.flatnonzero(mine)
        uniform = draws("kits", index.size)
        codes, weight = (np.array(column) for column in zip(*items, strict=True))
        if choice.startswith("alone"):
            index = index[uniform < weight[0]]
            procedure = np.full(index.size, codes[0])
        else:
            procedure = codes[pick(uniform, weight)]
        venue = HOSPITAL if setting == "inpatient_facility" else MAIN
        yield _services(index, procedure, _leading(draws, listed[index]), venue)


def _leading(draws: Streams, listed: Ints) -> Ints:
    """Pointers to the first one to four of the diagnoses listed."""
    wanted = 1 + pick(draws("leading", listed.size), [0.38, 0.3, 0.2, 0.12])
    place = np.arange(4)[None, :]
    return np.where(place < np.minimum(wanted, listed)[:, None], place, -1)


def _ordered(world: World, met: Encounters, noted: Documented, listed: Ints) -> Services:
    """Tests, drugs and procedures that the conditions on an encounter ask for, each once."""
    catalogue, draws = world.catalogue, world.draws
    factor = numbers(catalogue.setting_rows, "orders")[met.setting]
    start, service, chance = catalogue.orders
    asking = noted.take(noted.orders & (factor[noted.encounter] > 0))
    first = start[asking.condition]
    row, offset = expand(start[asking.condition + 1] - first)
    procedure, encounter = service[first[row] + offset], asking.encounter[row]
    probability = 0.92 * chance[first[row] + offset] * factor[encounter]
    probability = np.where(asking.reason[row], probability, probability * BESIDE_REASON)
    fits = catalogue.allowed_families[met.setting[encounter], procedure]
    keep = (draws("orders", row.size) < probability) & fits
    certain = np.flatnonzero(met.service >= 0)
    encounter = np.concatenate([encounter[keep], certain])
    procedure = np.concatenate([procedure[keep], met.service[certain]])
    rank = np.concatenate([asking.rank[row][keep], np.where(met.silent[certain], -1, 0)])
    by = np.lexsort((np.where(rank < 0, 99, rank), procedure, encounter))
    encounter, procedure, rank = encounter[by], procedure[by], rank[by]
    begins = group_starts(encounter, procedure)
    line, place = np.cumsum(begins) - 1, within(begins)
    pointers = np.full((int(begins.sum()), 4), -1)
    good = (place < 4) & (rank >= 0)
    pointers[line[good], place[good]] = rank[good]
    encounter, procedure = encounter[begins], procedure[begins]
    pointers[pointers[:, 0] < 0, 0] = 0
    _second_pointer(draws, pointers, listed[encounter])
    return _services(encounter, procedure, pointers)


def _second_pointer(draws: Streams, pointers: Ints, listed: Ints) -> None:
    """Point some lines to one diagnosis more than the one that asked for them."""
    other = draws.below("other pointer", listed.size, listed)
    alone = (pointers[:, 1] < 0) & (other != pointers[:, 0]) & (draws("second pointer", listed.size) < 0.35)
    pointers[alone, 1] = other[alone]


def _route(world: World, met: Encounters, lines: Services) -> Ints:
    """Claim on which each line stands, the same for all lines of one kind on one encounter."""
    catalogue, settings = world.catalogue, world.catalogue.settings
    where, procedure = met.setting[lines.encounter], lines.procedure
    laboratory, picture, tracing = world.draws("route", (3, met.person.size))[:, lines.encounter]
    acute = catalogue.is_setting(where, "ed", "outpatient")
    lab = catalogue.in_family(procedure, "lab")
    own = np.where(catalogue.is_setting(where, "telehealth", "nursing"), 0.0, 0.38)

    def choose(kind: Bools, *shares: tuple[Bools, int]) -> Ints:
        """The first venue whose condition holds, the hospital otherwise; other lines stay."""
        conditions, venues = zip((acute, HOSPITAL), *shares, strict=True)
        return np.where(kind, np.select(conditions, venues, HOSPITAL), venue)

    venue = lines.venue
    venue = choose(lab, (laboratory < own, MAIN), (laboratory < own + 0.32, LABORATORY))
    venue = choose(
        catalogue.in_family(procedure, "imaging"), (picture < 0.42, MAIN), (picture < 0.62, READING)
    )
    venue = choose(catalogue.in_family(procedure, "cardio", "pulmonary"), (tracing < 0.7, MAIN))
    venue = np.where(catalogue.in_family(procedure, "dme"), SUPPLIER, venue)
    # Chemotherapy is given in the office or at the hospital; a dialysis facility bills the sessions.
    chemo = (where == settings["chemo"]) & ~lab & (tracing < 0.5)
    sessions = (where == settings["dialysis"]) & catalogue.is_procedure(procedure, "90999")
    venue = np.where(chemo | sessions, HOSPITAL, venue)
    return np.where(where == settings["lab_only"], LABORATORY, venue)


def complete(world: World, met: Encounters, lines: Services) -> Services:
    """The lines and those that come with them, with units and days; sorted by encounter, claim and order."""
    lines = Services.stack(lines, *_companions(world, met, lines))
    _units(world, met, lines)
    lines = lines.take(lines.units > 0)
    return lines.take(np.lexsort((np.arange(lines.venue.size), lines.venue, lines.encounter)))


def _companions(world: World, met: Encounters, lines: Services) -> Iterator[Services]:
    """Lines that come with others: facility fees, readings of tracings, the drawing of blood."""
    catalogue, draws = world.catalogue, world.draws
    codes, settings = catalogue.procedures, catalogue.settings
    where = met.setting[lines.encounter]
    main = lines.venue == MAIN
    visit = catalogue.in_family(lines.procedure, "em") & main

    def copy(which: Bools | Ints, procedure: str, venue: Ints | int) -> Services:
        """These lines once more, as ``procedure`` (blank: the same), at another venue."""
        part = lines.take(which)
        if procedure:
            part.procedure = np.full(part.venue.size, codes[procedure])
        part.venue = np.zeros_like(part.venue) + venue
        return part

    # The emergency department and the operating room bill the same service as the physician.
    yield copy((visit & (where == settings["ed"])) | (main & (where == settings["asc"])), "", HOSPITAL)
    yield copy(main & (where == settings["scope"]) & (draws("scope", main.size) < 0.6), "", HOSPITAL)
    clinic = visit & (where == settings["outpatient"]) & (lines.procedure != codes["G2211"])
    yield copy(clinic, "G0463", HOSPITAL)
    tracing = (lines.procedure == codes["93000"]) & (lines.venue == HOSPITAL)
    yield copy(tracing, "93010", np.where(where[tracing] == settings["ed"], MAIN, READING))
    lines.procedure[tracing] = codes["93005"]
    # One drawing of blood per claim with laboratory work.
    blood = catalogue.in_family(lines.procedure, "lab") & np.isin(lines.venue, [MAIN, HOSPITAL])
    index = np.flatnonzero(blood & ~catalogue.is_procedure(lines.procedure, *BLOODLESS))
    index = index[np.unique(lines.encounter[index] * 8 + lines.venue[index], return_index=True)[1]]
    index = index[draws("blood", index.size) < 0.6]
    yield copy(index, "36415", lines.venue[index])


def _units(world: World, met: Encounters, lines: Services) -> None:
    """Units, and the days of lines that span several."""
    catalogue = world.catalogue
    least = whole(catalogue.procedure_rows, "least_units", 1)
    span = whole(catalogue.procedure_rows, "most_units", 1) - least + 1
    lines.units = least[lines.procedure] + world.draws.below(
        "units", lines.procedure.size, span[lines.procedure]
    )
    days = met.stay[lines.encounter]
    inside = met.setting[lines.encounter] == catalogue.settings["inpatient"]
    lines.last_day = np.where(inside & (lines.venue == HOSPITAL), days, 0)
    bed = catalogue.is_procedure(lines.procedure, "R0120")
    lines.units = np.where(bed, days, lines.units)
    daily = catalogue.is_procedure(lines.procedure, "99231", "99232", "99233") & inside
    leave = catalogue.is_procedure(lines.procedure, "99238", "99239") & inside
    lines.units = np.where(daily, days - 1, lines.units)
    lines.first_day = np.select([daily, leave], [1, days], 0)
    lines.last_day = np.select([daily, leave], [days - 1, days], lines.last_day)
