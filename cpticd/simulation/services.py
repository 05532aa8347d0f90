"""Simulated services: what is done on each encounter, for which diagnoses, and on whose claim."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from cpticd.simulation.catalogue import Catalogue
from cpticd.simulation.draws import Bools, Draws, Floats, Ints, expand, group_starts, pick, within
from cpticd.simulation.encounters import EncounterDiagnoses, Encounters
from cpticd.simulation.people import World
from cpticd.simulation.seldom import limit
from cpticd.simulation.service_rows import HOSPITAL, LABORATORY, MAIN, READING, SUPPLIER, Services

#: Least and most units of services that are not always one.
UNITS = {
    "97110": (1, 3),
    "97140": (1, 2),
    "97530": (1, 2),
    "97112": (1, 2),
    "J3301": (2, 8),
    "J1100": (4, 10),
    "J1885": (1, 4),
    "J7325": (48, 48),
    "J0897": (60, 60),
    "J0881": (40, 100),
    "J9217": (1, 4),
    "J1745": (20, 40),
    "J2426": (78, 156),
    "J9355": (20, 40),
    "J9035": (30, 60),
    "J9271": (200, 200),
    "J9041": (20, 35),
    "J9171": (60, 120),
    "J2469": (10, 10),
    "J0178": (2, 2),
    "J2315": (380, 380),
    "17003": (2, 9),
    "A4253": (1, 4),
    "A4407": (10, 20),
    "A5061": (10, 20),
    "R0250": (5, 40),
    "R0270": (2, 20),
    "R0300": (3, 25),
    "R0320": (1, 4),
}
#: Services ordered for a condition that is not the reason of the visit are less likely.
BESIDE_REASON = 0.45


def _stack(parts: list[Services]) -> Services:
    return Services(
        *(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Services))
    )


def _plain(encounter: Ints, procedure: Ints, pointers: Ints, venue: Ints) -> Services:
    none = np.zeros(encounter.size, dtype=np.int64)
    return Services(encounter, procedure, venue, pointers, none + 1, none, none)


def ordered(
    catalogue: Catalogue, draws: Draws, met: Encounters, noted: EncounterDiagnoses, listed: Ints
) -> Services:
    """Tests, drugs and procedures that the conditions on an encounter ask for."""
    factor = np.array([float(row["orders"]) for row in catalogue.setting_rows])[met.setting]
    start, service, chance = catalogue.orders
    source = np.flatnonzero(noted.orders & (factor[noted.encounter] > 0))
    first = start[noted.condition[source]]
    row, offset = expand(start[noted.condition[source] + 1] - first)
    procedure = service[first[row] + offset]
    encounter = noted.encounter[source][row]
    probability = 0.92 * chance[first[row] + offset] * factor[encounter]
    probability = np.where(noted.reason[source][row], probability, probability * BESIDE_REASON)
    fits = catalogue.allowed_families[met.setting[encounter], procedure].astype(bool)
    keep = np.flatnonzero((draws("orders", row.size) < probability) & fits)
    encounter, procedure = encounter[keep], procedure[keep]
    rank = noted.rank[source][row][keep]
    certain = np.flatnonzero(met.service >= 0)
    encounter = np.concatenate([encounter, certain])
    procedure = np.concatenate([procedure, met.service[certain]])
    rank = np.concatenate([rank, np.where(met.silent[certain], -1, 0)])
    order = np.lexsort((np.where(rank < 0, 99, rank), procedure, encounter))
    encounter, procedure, rank = encounter[order], procedure[order], rank[order]
    begins = group_starts(encounter, procedure)
    line = np.cumsum(begins) - 1
    place = within(begins)
    pointers = np.full((int(begins.sum()), 4), -1)
    good = (place < 4) & (rank >= 0)
    pointers[line[good], place[good]] = rank[good]
    encounter, procedure = encounter[begins], procedure[begins]
    pointers[pointers[:, 0] < 0, 0] = 0
    _second_pointer(draws, pointers, listed[encounter])
    venue = np.zeros(encounter.size, dtype=np.int64)
    return _plain(encounter, procedure, pointers, venue)


def _second_pointer(draws: Draws, pointers: Ints, listed: Ints) -> None:
    """Point some lines to one diagnosis more than the one that asked for them."""
    other = (draws("other pointer", listed.size) * listed).astype(np.int64)
    alone = (pointers[:, 1] < 0) & (other != pointers[:, 0]) & (draws("second pointer", listed.size) < 0.35)
    pointers[alone, 1] = other[alone]


def _leading(draws: Draws, listed: Ints) -> Ints:
    """Pointers to the first one to four of the diagnoses listed."""
    wanted = 1 + pick(draws("leading", listed.size), [0.38, 0.3, 0.2, 0.12])
    place = np.arange(4)[None, :]
    return np.where(place < np.minimum(wanted, listed)[:, None], place, -1)


def kits(catalogue: Catalogue, draws: Draws, met: Encounters, new: Bools, listed: Ints) -> Services:
    """Visits and treatments that belong to the setting itself."""
    parts = []
    groups: dict[tuple[str, str, str], list[tuple[int, float]]] = {}
    for i, row in enumerate(catalogue.kit_rows):
        alone = row["pick"] or f"alone {i}"
        found = groups.setdefault((row["setting"], row["condition"], alone), [])
        found.append((catalogue.procedures[row["code"]], float(row["weight"])))
    for (setting, condition, choice), items in groups.items():
        facility = setting == "inpatient_facility"
        name = {"office_new": "office", "inpatient_facility": "inpatient"}.get(setting, setting)
        mine = met.setting == catalogue.settings[name]
        if name == "office":
            mine &= new == (setting == "office_new")
        if condition:
            mine &= met.condition == catalogue.conditions[condition]
        index = np.flatnonzero(mine)
        uniform = draws("kits", index.size)
        procedures = np.array([item[0] for item in items])
        if choice.startswith("alone"):
            index = index[uniform < items[0][1]]
            procedure = np.full(index.size, procedures[0])
        else:
            procedure = procedures[pick(uniform, [item[1] for item in items])]
        venue = np.full(index.size, HOSPITAL if facility else MAIN)
        parts.append(_plain(index, procedure, _leading(draws, listed[index]), venue))
    return _stack(parts)


def _route(catalogue: Catalogue, draws: Draws, met: Encounters, lines: Services) -> Ints:
    """Claim on which each line stands, the same for all lines of one kind on one encounter."""
    settings = catalogue.settings
    size = met.person.size
    where = met.setting[lines.encounter]
    uniform = draws("route", (3, size))
    acute = np.isin(where, [settings["ed"], settings["outpatient"]])
    lab = catalogue.in_family("lab")[lines.procedure]
    picture = catalogue.in_family("imaging")[lines.procedure]
    trace = catalogue.in_family("cardio", "pulmonary")[lines.procedure]
    supply = catalogue.in_family("dme")[lines.procedure]
    remote = np.isin(where, [settings["telehealth"], settings["nursing"]])
    venue = lines.venue.copy()
    own = np.where(remote, 0.0, 0.38)
    u = uniform[0][lines.encounter]
    venue = np.where(
        lab, np.select([acute, u < own, u < own + 0.32], [HOSPITAL, MAIN, LABORATORY], HOSPITAL), venue
    )
    u = uniform[1][lines.encounter]
    venue = np.where(
        picture, np.select([acute, u < 0.42, u < 0.62], [HOSPITAL, MAIN, READING], HOSPITAL), venue
    )
    u = uniform[2][lines.encounter]
    venue = np.where(trace, np.select([acute, u < 0.7], [HOSPITAL, MAIN], HOSPITAL), venue)
    venue = np.where(supply, SUPPLIER, venue)
    # Chemotherapy is given in the office or at the hospital; a dialysis facility bills the sessions.
    chemo = (where == settings["chemo"]) & ~lab & (u < 0.5)
    sessions = (where == settings["dialysis"]) & (lines.procedure == catalogue.procedures["90999"])
    venue = np.where(chemo | sessions, HOSPITAL, venue)
    return np.where(where == settings["lab_only"], LABORATORY, venue)


def _beside(catalogue: Catalogue, draws: Draws, met: Encounters, lines: Services) -> list[Services]:
    """Lines that come with others: facility fees, readings of tracings, the drawing of blood."""
    codes, settings = catalogue.procedures, catalogue.settings
    where = met.setting[lines.encounter]
    main = lines.venue == MAIN
    visit = catalogue.in_family("em")[lines.procedure] & main
    parts = []

    def copy(index: Ints, procedure: Ints | int, venue: int) -> None:
        part = lines.take(index)
        part.procedure = np.full(index.size, procedure) if isinstance(procedure, int) else procedure
        part.venue = np.full(index.size, venue)
        parts.append(part)

    # The emergency department and the operating room bill the same service as the physician.
    index = np.flatnonzero((visit & (where == settings["ed"])) | (main & (where == settings["asc"])))
    copy(index, lines.procedure[index], HOSPITAL)
    index = np.flatnonzero(main & (where == settings["scope"]) & (draws("scope", main.size) < 0.6))
    copy(index, lines.procedure[index], HOSPITAL)
    code = codes["G0463"]
    clinic = visit & (where == settings["outpatient"]) & (lines.procedure != codes["G2211"])
    copy(np.flatnonzero(clinic), code, HOSPITAL)
    tracing = (lines.procedure == codes["93000"]) & (lines.venue == HOSPITAL)
    reader = np.where(where[tracing] == settings["ed"], MAIN, READING)
    copy(np.flatnonzero(tracing), codes["93010"], READING)
    parts[-1].venue = reader
    lines.procedure[tracing] = codes["93005"]
    # One drawing of blood per claim with laboratory work.
    lab = catalogue.in_family("lab")[lines.procedure]
    blood = lab & np.isin(lines.venue, [MAIN, HOSPITAL])
    for code_text in ("81001", "81003", "87086", "88305", "88175", "87624", "87880", "87426", "87804"):
        blood &= lines.procedure != codes[code_text]
    index = np.flatnonzero(blood)
    key = lines.encounter[index] * 8 + lines.venue[index]
    index = index[np.unique(key, return_index=True)[1]]
    index = index[draws("blood", index.size) < 0.6]
    copy(index, codes["36415"], MAIN)
    parts[-1].venue = lines.venue[index]
    return parts


def _units(catalogue: Catalogue, draws: Draws, met: Encounters, lines: Services, stay: Ints) -> None:
    """Units, and the days of lines that span several."""
    low = np.ones(len(catalogue.hcpcs), dtype=np.int64)
    span = np.ones(len(catalogue.hcpcs), dtype=np.int64)
    for code, (least, most) in UNITS.items():
        low[catalogue.procedures[code]] = least
        span[catalogue.procedures[code]] = most - least + 1
    uniform: Floats = draws("units", lines.procedure.size)
    lines.units = low[lines.procedure] + (uniform * span[lines.procedure]).astype(np.int64)
    days = stay[lines.encounter]
    inside = met.setting[lines.encounter] == catalogue.settings["inpatient"]
    room = inside & (lines.venue == HOSPITAL)
    lines.last_day = np.where(room, days, 0)
    bed = lines.procedure == catalogue.procedures["R0120"]
    lines.units = np.where(bed, days, lines.units)
    daily = np.isin(lines.procedure, [catalogue.procedures[c] for c in ("99231", "99232", "99233")]) & inside
    leave = np.isin(lines.procedure, [catalogue.procedures[c] for c in ("99238", "99239")]) & inside
    lines.units = np.where(daily, days - 1, lines.units)
    lines.first_day = np.select([daily, leave], [1, days], 0)
    lines.last_day = np.select([daily, leave], [days - 1, days], lines.last_day)


def services(world: World, met: Encounters, noted: EncounterDiagnoses, new: Bools, stay: Ints) -> Services:
    """All service lines, sorted by encounter, claim and order of listing."""
    catalogue, draws = world.catalogue, world.draws
    size = met.person.size
    listed = np.bincount(noted.encounter[noted.rank >= 0], minlength=size)
    visit = kits(catalogue, draws, met, new, listed)
    asked = ordered(catalogue, draws, met, noted, listed)
    # A service that the setting's kit holds is not ordered once more.
    width = len(catalogue.hcpcs)
    twice = np.isin(asked.encounter * width + asked.procedure, visit.encounter * width + visit.procedure)
    lines = _stack([visit, asked.take(np.flatnonzero(~twice))])
    # An add-on to the visit stands only beside one.
    em = catalogue.in_family("em")[lines.procedure]
    addon = lines.procedure == catalogue.procedures["G2211"]
    offices = np.array([code[:3] in ("992", "991") for code in catalogue.hcpcs])[lines.procedure] & em
    has_visit = np.zeros(size, dtype=bool)
    has_visit[lines.encounter[offices]] = True
    keep = ~addon | has_visit[lines.encounter]
    alone = (lines.procedure == catalogue.procedures["90833"]) & ~has_visit[lines.encounter]
    lines = lines.take(np.flatnonzero(keep & ~alone))
    lines.venue = _route(catalogue, draws, met, lines)
    lines = limit(catalogue, draws, met, lines)
    lines = _stack([lines, *_beside(catalogue, draws, met, lines)])
    _units(catalogue, draws, met, lines, stay)
    lines = lines.take(np.flatnonzero(lines.units > 0))
    return lines.take(np.lexsort((np.arange(lines.venue.size), lines.venue, lines.encounter)))
