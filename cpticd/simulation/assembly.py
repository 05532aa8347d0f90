"""Simulated claims: the lines of an encounter that one provider bills to the payer."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TypeVar

import numpy as np

from cpticd.simulation.catalogue import Catalogue
from cpticd.simulation.draws import Bools, Draws, Ints, group_starts, pick, within
from cpticd.simulation.encounters import EncounterDiagnoses, Encounters
from cpticd.simulation.people import People, World
from cpticd.simulation.service_rows import HOSPITAL, LABORATORY, MAIN, READING, SUPPLIER, Services

MODIFIERS = ("", "25", "26", "GP", "95", "RT", "LT", "50", "RR", "JZ", "59", "24", "57", "79", "33")
_SIDES = {"R": "RT", "L": "LT", "B": "50"}
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
BILLS = ("131", "851", "111", "721")

Rows = TypeVar("Rows", "ClaimRows", "LineRows", "DiagnosisRows")


def take(rows: Rows, index: Ints) -> Rows:
    """The rows at ``index``, in that order."""
    return type(rows)(*(getattr(rows, item.name)[index] for item in fields(rows)))


def stack(first: Rows, second: Rows) -> Rows:
    """The rows of both."""
    columns = [
        np.concatenate([getattr(first, item.name), getattr(second, item.name)]) for item in fields(first)
    ]
    return type(first)(*columns)


@dataclass
class ClaimRows:
    """One element per claim."""

    person: Ints
    payer: Ints
    institutional: Bools
    place: Ints  # into Places.codes
    billing: Ints  # number of the billing provider
    start: Ints
    end: Ints
    received: Ints
    replaces: Ints  # claim that this one replaces, −1 none
    encounter: Ints


@dataclass
class LineRows:
    """One element per line, sorted by claim; ``number`` counts from 1 within the claim."""

    claim: Ints
    number: Ints
    procedure: Ints
    units: Ints
    charge: Ints  # cents
    pointers: Ints  # four columns of diagnosis positions from 1, 0: none
    modifiers: Ints  # two columns, into MODIFIERS
    start: Ints
    end: Ints
    rendering: Ints  # −1 none


@dataclass
class DiagnosisRows:
    """One element per diagnosis of a claim, sorted by claim and position."""

    claim: Ints
    position: Ints
    code: Ints  # into the vocabulary of codes: catalogue rows first, then EXTRA_CODES
    present: Ints  # on admission: 0 not said, then Y, N, U, W


@dataclass
class Book:
    """Claims, lines and diagnoses, and the names of what their numbers stand for."""

    claims: ClaimRows
    lines: LineRows
    diagnoses: DiagnosisRows
    places: list[str]
    codes: list[str]
    hcpcs: list[str]
    providers: int = 0
    violations: dict[str, tuple[Ints, Ints, Ints]] = field(default_factory=dict)


def luhn(number: str) -> str:
    """A National Provider Identifier: nine digits and the check digit over 80840 and them."""
    digits = [int(digit) for digit in "80840" + number]
    doubled = [digit * 2 if i % 2 == 0 else digit for i, digit in enumerate(reversed(digits))]
    total = sum(digit // 10 + digit % 10 for digit in doubled)
    return number + str(-total % 10)


def npi(provider: int) -> str:
    """The identifier of a simulated provider, from a range of our own: 1999…"""
    return luhn(f"1999{provider:05d}")


def _places(world: World, met: Encounters, venue: Ints, encounter: Ints) -> tuple[list[str], Ints]:
    """Place of service of professional claims, bill type of institutional ones."""
    catalogue, draws, people = world.catalogue, world.draws, world.people
    codes = sorted(
        {row["place"] for row in catalogue.setting_rows} | {"19", "32", "60", *BILLS, "22", "12", "81"}
    )
    number = {code: i for i, code in enumerate(codes)}
    by_setting = np.array([number[row["place"]] for row in catalogue.setting_rows])
    place = by_setting[met.setting]
    uniform = draws("place", met.person.size)
    for setting, other, share in (
        ("outpatient", "19", 0.3),
        ("nursing", "32", 0.6),
        ("vaccine", "60", 0.4),
        ("scope", "22", 0.4),
        ("asc", "22", 0.4),
        ("mammogram", "22", 0.3),
    ):
        place[(met.setting == catalogue.settings[setting]) & (uniform < share)] = number[other]
    bill = np.where(people.rural[met.person], number["851"], number["131"])
    bill[met.setting == catalogue.settings["inpatient"]] = number["111"]
    bill[met.setting == catalogue.settings["dialysis"]] = number["721"]
    found = np.select(
        [venue == MAIN, venue == LABORATORY, venue == HOSPITAL, venue == READING, venue == SUPPLIER],
        [place[encounter], number["81"], bill[encounter], number["22"], number["12"]],
    )
    return codes, found.astype(np.int64)


def _practice(catalogue: Catalogue, people: People, met: Encounters, specialist: Bools) -> Ints:
    """Practice that sees the person: the family doctor's, or a specialist's for the condition."""
    size = people.size
    generalists, specialists = max(12, size // 150), max(20, size // 100)
    settings = catalogue.settings
    general = ("office", "telehealth", "wellness", "medicare_wellness", "well_child", "vaccine", "nursing")
    family = np.isin(met.setting, [settings[name] for name in general]) & ~specialist
    own = (met.person * 7919) % generalists
    # Who operates sees the person before and after, too.
    eyes = met.condition == catalogue.conditions["cataract"]
    office = np.where(eyes, settings["eye"], settings["office"])
    where = np.where(met.setting == settings["asc"], office, met.setting)
    other = generalists + (met.person // 50 * 31 + met.condition * 17 + where * 5) % specialists
    found: Ints = np.where(family, own, other)
    return found


def practices(world: World, met: Encounters) -> tuple[Ints, Bools]:
    """Practice of every encounter, and whether the person is new there.

    A specialist sees a person for the same condition each time; the first visit in the data is one of a new
    patient in a third of the cases, the others were seen before it begins.
    """
    catalogue, draws, people = world.catalogue, world.draws, world.people
    pair = met.person * 131 + met.condition
    share = (pair * 2_654_435_761 % 4_294_967_296) / 4_294_967_296
    practice = _practice(catalogue, people, met, share < 0.35)
    office = met.setting == catalogue.settings["office"]
    index = np.flatnonzero(office)
    order = index[np.lexsort((index, practice[index], met.person[index]))]
    first = np.zeros(met.person.size, dtype=bool)
    first[order] = group_starts(met.person[order], practice[order])
    return practice, first & (draws("new", met.person.size) < 0.35)


def _billing(
    people: People, practice: Ints, met: Encounters, venue: Ints, encounter: Ints
) -> tuple[Ints, int]:
    size = people.size
    practices_count = max(12, size // 150) + max(20, size // 100)
    hospitals = max(3, size // 2500)
    person = met.person[encounter]
    base = practices_count
    found = np.select(
        [venue == MAIN, venue == LABORATORY, venue == HOSPITAL, venue == READING],
        [
            practice[encounter],
            base + person % 4,
            base + 4 + person // 3 % hospitals,
            base + 4 + hospitals + person // 3 % hospitals,
        ],
        base + 4 + 2 * hospitals + person % 5,
    )
    return found.astype(np.int64), base + 9 + 2 * hospitals


def _modifiers(catalogue: Catalogue, draws: Draws, met: Encounters, lines: Services, sides: Ints) -> Ints:
    """Two modifiers per line; laterality follows the side of the line's primary diagnosis."""
    number = {code: i for i, code in enumerate(MODIFIERS)}
    found = np.zeros((lines.venue.size, 2), dtype=np.int64)
    procedure, venue = lines.procedure, lines.venue
    where = met.setting[lines.encounter]
    side = np.array([0, number["RT"], number["LT"], number["50"]])[sides]
    sided = np.isin(procedure, [catalogue.procedures[code] for code in SIDED])
    found[:, 0] = np.where(sided, side, 0)
    found[catalogue.in_family("therapy")[procedure], 0] = number["GP"]
    rented = np.isin(
        procedure, [catalogue.procedures[c] for c in ("E1390", "E0431", "E0601", "K0001", "E0277")]
    )
    found[rented, 0] = number["RR"]
    found[where == catalogue.settings["telehealth"], 0] = number["95"]
    found[(venue != MAIN) & (where == catalogue.settings["telehealth"]), 0] = 0
    drug = np.isin(procedure, [catalogue.procedures[c] for c in ("J0897", "J9355", "J9271", "J0881")])
    found[drug & (draws("waste", drug.size) < 0.7), 0] = number["JZ"]
    reading = (venue == READING) & catalogue.in_family("imaging")[procedure]
    found[reading, 1] = found[reading, 0]
    found[reading, 0] = number["26"]
    return found


def _renumber(
    lines: Services, claim: Ints, whole: Bools, noted: EncounterDiagnoses, encounter: Ints
) -> tuple[Ints, Ints, Ints]:
    """Diagnoses of each claim (claim, encounter diagnosis row) and pointers by position.

    The main claim and the hospital's carry all of the encounter's diagnoses, the others the pointed ones.
    """
    listed = np.flatnonzero(noted.rank >= 0)
    first = np.searchsorted(noted.encounter, np.arange(encounter.max() + 2 if encounter.size else 1))
    starts = first[encounter]  # ranks are positions in the encounter's block: silent rows come last
    count = np.bincount(noted.encounter[listed], minlength=first.size)[encounter]
    full = np.flatnonzero(whole)
    wanted = np.repeat(full, count[full])
    rank = np.arange(wanted.size) - np.repeat(np.cumsum(count[full]) - count[full], count[full])
    partial = ~whole[claim]
    pointed = lines.pointers[partial]
    at, column = np.nonzero(pointed >= 0)
    pairs = np.unique(claim[partial][at] * 16 + pointed[at, column])
    keys = np.sort(np.concatenate([wanted * 16 + rank, pairs]))
    owner = keys // 16
    position = within(group_starts(owner)) + 1
    flat = claim[:, None] * 16 + np.maximum(lines.pointers, 0)
    place = position[np.minimum(np.searchsorted(keys, flat), keys.size - 1)]
    pointers = np.where(lines.pointers >= 0, place, 0)
    return owner, starts[owner] + keys % 16, pointers


def assemble(
    world: World, met: Encounters, noted: EncounterDiagnoses, lines: Services, *, practice: Ints, stay: Ints
) -> Book:
    """Claims with their lines, diagnoses and pointers, before anything is wrong with them."""
    catalogue, draws, people = world.catalogue, world.draws, world.people
    begins = group_starts(lines.encounter, lines.venue)
    claim = np.cumsum(begins) - 1
    encounter, venue = lines.encounter[begins], lines.venue[begins]
    inside = met.setting[encounter] == catalogue.settings["inpatient"]
    codes, place = _places(world, met, venue, encounter)
    billing, providers = _billing(people, practice, met, venue, encounter)
    start = met.day[encounter]
    payer = people.payer[met.person[encounter]]
    institutional = venue == HOSPITAL
    end = np.zeros(start.size, dtype=np.int64)
    np.maximum.at(end, claim, met.day[lines.encounter] + lines.last_day)
    slow = np.where(institutional, 6, 3)
    u = draws("received", start.size)
    received = end + slow + (u * u * 24).astype(np.int64)
    claims = ClaimRows(
        met.person[encounter],
        payer,
        institutional,
        place,
        billing,
        start,
        np.where(inside & institutional, start + stay[encounter], end),
        received,
        np.full(start.size, -1),
        encounter,
    )
    owner, source, pointers = _renumber(lines, claim, np.isin(venue, [MAIN, HOSPITAL]), noted, encounter)
    code = noted.diagnosis[source]
    status = np.array([text.startswith("Z") for text in catalogue.codes])[code]
    said = 1 + pick(draws("present", owner.size), [0.93, 0.045, 0.015, 0.01])
    present = np.where((inside & institutional)[owner] & ~status, said, 0)
    rows = DiagnosisRows(owner, within(group_starts(owner)) + 1, code, present)
    side_number = {"": 0, "N": 0, "R": 1, "L": 2, "B": 3}
    sides = np.array([side_number[side] for side in catalogue.side])
    primary = noted.diagnosis[
        np.searchsorted(noted.encounter, lines.encounter) + np.maximum(lines.pointers[:, 0], 0)
    ]
    level = 170 + billing * 37 % 130 + np.where(institutional, 120, 0)
    charge = catalogue.fee[lines.procedure] * level[claim] // 100 * lines.units
    doctor = billing[claim] * 3 + met.person[lines.encounter] % 3
    silent = np.isin(venue, [LABORATORY, SUPPLIER])[claim] | institutional[claim]
    line_rows = LineRows(
        claim,
        within(begins) + 1,
        lines.procedure,
        lines.units,
        np.maximum(charge, 1),
        np.where(institutional[claim][:, None], 0, pointers),
        _modifiers(catalogue, draws, met, lines, sides[primary]),
        met.day[lines.encounter] + lines.first_day,
        met.day[lines.encounter] + lines.last_day,
        np.where(silent, -1, providers + doctor),
    )
    return Book(claims, line_rows, rows, codes, list(catalogue.codes), list(catalogue.hcpcs), providers)
