"""What every stage of the simulation may use."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cpticd.simulation.catalogue import Catalogue
from cpticd.simulation.dates import first_day
from cpticd.simulation.streams import Streams
from cpticd.simulation.vectors import Ints

#: Adjudications are known up to so many days after the last year ends.
CUTOFF_DAYS = 31


@dataclass(frozen=True)
class World:
    """The catalogue, the random streams and the calendar years of service."""

    catalogue: Catalogue
    draws: Streams
    years: tuple[int, ...]

    @cached_property
    def starts(self) -> Ints:
        """January 1 of each year, and of the one after the last."""
        return np.array([first_day(year) for year in (*self.years, self.years[-1] + 1)])

    @property
    def end(self) -> int:
        """The last day of which the data knows."""
        return int(self.starts[-1]) + CUTOFF_DAYS
