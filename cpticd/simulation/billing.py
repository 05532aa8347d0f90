"""Billing: the lines of an encounter that one provider bills to the payer, as claims."""

from __future__ import annotations

import numpy as np

from cpticd.simulation.book import MODIFIERS, Book, ClaimRows, DiagnosisRows, LineRows
from cpticd.simulation.catalogue import weights
from cpticd.simulation.documentation import Documented
from cpticd.simulation.population import People
from cpticd.simulation.practices import Directory, Seen
from cpticd.simulation.schedule import Encounters
from cpticd.simulation.services import HOSPITAL, LABORATORY, MAIN, READING, SUPPLIER, Services
from cpticd.simulation.streams import pick
from cpticd.simulation.vectors import Ints, bounds, expand, group_starts, within
from cpticd.simulation.world import World

#: Procedures on one of two sides of the body.
SIDED = (
    "20610",
    "73562",
    "73030",
    "73502",
    "73610",
    "73110",
    "27447",
    "29881",
    "66984",
    "67028",
    "J0178",
    "L1832",
)
#: Modifier by the side that a diagnosis names.
SIDES = {"": "", "N": "", "R": "RT", "L": "LT", "B": "50"}
RENTED = ("E1390", "E0431", "E0601", "K0001", "E0277")
#: Drugs from single-dose containers of which nothing is left over, as a rule.
UNWASTED = ("J0897", "J9355", "J9271", "J0881")


def bill(
    world: World, people: People, met: Encounters, seen: Seen, *, noted: Documented, lines: Services
) -> Book:
    """Claims with their lines, diagnoses and pointers, before anything is wrong with them."""
    catalogue = world.catalogue
    begins = group_starts(lines.encounter, lines.venue)
    claims = _claims(world, people, met, seen, lines.take(begins))
    claim = np.cumsum(begins) - 1
    last = np.maximum.reduceat(claims.start[claim] + lines.last_day, np.flatnonzero(begins))
    inside = claims.institutional & (met.setting[claims.encounter] == catalogue.settings["inpatient"])
    claims.end = np.where(inside, claims.end, last)
    claims.received = np.minimum(last + claims.received, world.end)
    owner, source, pointers = _listed(lines, claim, claims, noted)
    code = noted.diagnosis[source]
    status = np.array([text.startswith("Z") for text in catalogue.codes])[code]
    present = 1 + pick(world.draws("present", owner.size), [0.93, 0.045, 0.015, 0.01])
    present = np.where(inside[owner] & ~status, present, 0)
    diagnoses = DiagnosisRows(owner, within(group_starts(owner)) + 1, code, present)
    level = 170 + claims.billing * 37 % 130 + np.where(claims.institutional, 120, 0)
    charge = catalogue.fee[lines.procedure] * level[claim] // 100 * lines.units
    doctor = Directory.of(people.size).size + claims.billing * 3 + claims.person % 3
    unnamed = np.isin(claims.venue, [LABORATORY, SUPPLIER, HOSPITAL])
    line_rows = LineRows(
        claim=claim,
        number=within(begins) + 1,
        procedure=lines.procedure,
        units=lines.units,
        charge=np.maximum(charge, 1),
        pointers=np.where(claims.institutional[claim][:, None], 0, pointers),
        modifiers=_modifiers(world, met, lines, noted),
        start=claims.start[claim] + lines.first_day,
        end=claims.start[claim] + lines.last_day,
        rendering=np.where(unnamed, -1, doctor)[claim],
        rule=np.full(claim.size, -1),
    )
    return Book(catalogue, claims, line_rows, diagnoses, list(catalogue.codes))


def _claims(world: World, people: People, met: Encounters, seen: Seen, first: Services) -> ClaimRows:
    """Claims, of which ``first`` are the first lines; ``received`` counts from their last day."""
    encounter, venue = first.encounter, first.venue
    person, start = met.person[encounter], met.day[encounter]
    directory = Directory.of(people.size)
    billing = np.select(
        [venue == MAIN, venue == LABORATORY, venue == HOSPITAL, venue == READING],
        [
            seen.practice[encounter],
            directory.laboratory(person),
            directory.hospital(person),
            directory.reader(person),
        ],
        directory.supplier(person),
    )
    u = world.draws("received", start.size)
    none = np.zeros(start.size, dtype=np.int64)
    return ClaimRows(
        person=person,
        payer=people.payer[person],
        venue=venue,
        place=_places(world, people, met, venue, encounter),
        billing=billing,
        start=start,
        end=start + met.stay[encounter],
        received=np.where(venue == HOSPITAL, 6, 3) + (u * u * 24).astype(np.int64),
        decided=none,
        replaces=none - 1,
        encounter=encounter,
        mistyped=none > 0,
    )


def _places(world: World, people: People, met: Encounters, venue: Ints, encounter: Ints) -> Ints:
    """Place of service of professional claims, bill type of institutional ones."""
    catalogue = world.catalogue
    number = {code: i for i, code in enumerate(catalogue.places)}
    place = np.array([number[row["place"]] for row in catalogue.setting_rows])[met.setting]
    uniform = world.draws("place", met.person.size)
    for setting, row in enumerate(catalogue.setting_rows):
        for other, share in weights(row["other_place"]).items():
            place[(met.setting == setting) & (uniform < share)] = number[other]
    bill = np.where(people.rural[met.person], number["851"], number["131"])
    bill[met.setting == catalogue.settings["inpatient"]] = number["111"]
    bill[met.setting == catalogue.settings["dialysis"]] = number["721"]
    return np.select(
        [venue == MAIN, venue == LABORATORY, venue == HOSPITAL, venue == READING],
        [place[encounter], number["81"], bill[encounter], number["22"]],
        number["12"],
    )


def _modifiers(world: World, met: Encounters, lines: Services, noted: Documented) -> Ints:
    """Two modifiers per line; laterality follows the side of the line's primary diagnosis."""
    catalogue = world.catalogue
    number = {code: i for i, code in enumerate(MODIFIERS)}
    procedure, venue = lines.procedure, lines.venue
    first = np.searchsorted(noted.encounter, lines.encounter) + np.maximum(lines.pointers[:, 0], 0)
    side = np.array([number[SIDES[item]] for item in catalogue.side])[noted.diagnosis[first]]
    found = np.zeros((venue.size, 2), dtype=np.int64)
    found[:, 0] = np.where(catalogue.is_procedure(procedure, *SIDED), side, 0)
    found[catalogue.in_family(procedure, "therapy"), 0] = number["GP"]
    found[catalogue.is_procedure(procedure, *RENTED), 0] = number["RR"]
    remote = met.setting[lines.encounter] == catalogue.settings["telehealth"]
    found[remote, 0] = np.where(venue[remote] == MAIN, number["95"], 0)
    drug = catalogue.is_procedure(procedure, *UNWASTED)
    found[drug & (world.draws("waste", drug.size) < 0.7), 0] = number["JZ"]
    reading = (venue == READING) & catalogue.in_family(procedure, "imaging")
    found[reading, 1] = found[reading, 0]
    found[reading, 0] = number["26"]
    return found


def _listed(lines: Services, claim: Ints, claims: ClaimRows, noted: Documented) -> tuple[Ints, Ints, Ints]:
    """Diagnoses of each claim (claim, row of what is documented) and pointers by position.

    The main claim and the hospital's carry all of the encounter's diagnoses, the others the pointed ones.
    """
    encounter, whole = claims.encounter, np.isin(claims.venue, [MAIN, HOSPITAL])
    size = int(encounter.max(initial=-1)) + 1
    # Ranks are positions in the encounter's block: silent rows come last.
    starts = bounds(noted.encounter, size)[encounter]
    count = np.bincount(noted.encounter[noted.rank >= 0], minlength=size)[encounter]
    full = np.flatnonzero(whole)
    row, rank = expand(count[full])
    partial = ~whole[claim]
    pointed = lines.pointers[partial]
    at, column = np.nonzero(pointed >= 0)
    pairs = np.unique(claim[partial][at] * 16 + pointed[at, column])
    keys = np.sort(np.concatenate([full[row] * 16 + rank, pairs]))
    owner = keys // 16
    position = within(group_starts(owner)) + 1
    flat = claim[:, None] * 16 + np.maximum(lines.pointers, 0)
    place = position[np.minimum(np.searchsorted(keys, flat), keys.size - 1)]
    return owner, starts[owner] + keys % 16, np.where(lines.pointers >= 0, place, 0)
