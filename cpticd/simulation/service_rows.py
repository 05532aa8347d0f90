"""Simulated service lines before they are put on claims."""

from __future__ import annotations

from dataclasses import dataclass, fields

from cpticd.simulation.draws import Ints

#: Whose claim a line stands on: the encounter's own, an independent laboratory's, the hospital's, a reading
#: physician's, a supplier's.
MAIN, LABORATORY, HOSPITAL, READING, SUPPLIER = range(5)


@dataclass
class Services:
    """One element per service line; ``pointers`` are ranks of the encounter's diagnoses, −1: none."""

    encounter: Ints
    procedure: Ints
    venue: Ints
    pointers: Ints  # four columns
    units: Ints
    first_day: Ints  # days after the encounter's first
    last_day: Ints

    def take(self, index: Ints) -> Services:
        return Services(*(getattr(self, field.name)[index] for field in fields(self)))
