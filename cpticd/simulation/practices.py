"""Practices: who sees the person, and the identifiers of providers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cpticd.simulation.population import People
from cpticd.simulation.schedule import Encounters
from cpticd.simulation.vectors import Bools, Ints, Rows, group_starts
from cpticd.simulation.world import World

#: Settings in which the family doctor's practice sees the person.
GENERAL = ("office", "telehealth", "wellness", "medicare_wellness", "well_child", "vaccine", "nursing")
#: Laboratories and suppliers that bill.
LABORATORIES, SUPPLIERS = 4, 5


@dataclass
class Seen(Rows):
    """One element per encounter."""

    practice: Ints
    new: Bools  # an office visit of a patient new to the practice


@dataclass(frozen=True)
class Directory:
    """How many of each there are: numbers of providers follow each other in this order."""

    generalists: int
    specialists: int
    hospitals: int

    @classmethod
    def of(cls, persons: int) -> Directory:
        """Enough of each for so many persons."""
        return cls(max(12, persons // 150), max(20, persons // 100), max(3, persons // 2500))

    @property
    def practices(self) -> int:
        return self.generalists + self.specialists

    def laboratory(self, person: Ints) -> Ints:
        return self.practices + person % LABORATORIES

    def hospital(self, person: Ints) -> Ints:
        return self.practices + LABORATORIES + person // 3 % self.hospitals

    def reader(self, person: Ints) -> Ints:
        """Physicians who read the hospital's pictures."""
        return self.hospital(person) + self.hospitals

    def supplier(self, person: Ints) -> Ints:
        return self.practices + LABORATORIES + 2 * self.hospitals + person % SUPPLIERS

    @property
    def size(self) -> int:
        """All that bill; those who render services come after."""
        return self.practices + LABORATORIES + 2 * self.hospitals + SUPPLIERS


def attribute(world: World, people: People, met: Encounters) -> Seen:
    """Practice of every encounter, and whether the person is new there.

    A specialist sees a person for the same condition each time; the first visit in the data is one of a new
    patient in a third of the cases, the others were seen before it begins.
    """
    catalogue, directory = world.catalogue, Directory.of(people.size)
    settings = catalogue.settings
    share = ((met.person * 131 + met.condition) * 2_654_435_761 % 4_294_967_296) / 4_294_967_296
    family = catalogue.is_setting(met.setting, *GENERAL) & (share >= 0.35)
    own = (met.person * 7919) % directory.generalists
    # Who operates sees the person before and after, too.
    eyes = met.condition == catalogue.conditions["cataract"]
    office = np.where(eyes, settings["eye"], settings["office"])
    where = np.where(met.setting == settings["asc"], office, met.setting)
    other = (met.person // 50 * 31 + met.condition * 17 + where * 5) % directory.specialists
    practice = np.where(family, own, directory.generalists + other)
    index = np.flatnonzero(met.setting == settings["office"])
    order = index[np.lexsort((index, practice[index], met.person[index]))]
    first = np.zeros(met.person.size, dtype=bool)
    first[order] = group_starts(met.person[order], practice[order])
    return Seen(practice, first & (world.draws("new", met.person.size) < 0.35))


def luhn(number: str) -> str:
    """A National Provider Identifier: nine digits and the check digit over 80840 and them."""
    digits = [int(digit) for digit in "80840" + number]
    doubled = [digit * 2 if i % 2 == 0 else digit for i, digit in enumerate(reversed(digits))]
    total = sum(digit // 10 + digit % 10 for digit in doubled)
    return number + str(-total % 10)


def npi(provider: int) -> str:
    """The identifier of a simulated provider, from a range of our own: 1999…"""
    return luhn(f"1999{provider:05d}")


def mistyped(number: str) -> str:
    """An identifier with a wrong check digit."""
    return number[:-1] + str((int(number[-1]) + 1) % 10)
