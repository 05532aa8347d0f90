"""Population: who is simulated, and which payer insures them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cpticd.simulation.catalogue import numbers
from cpticd.simulation.dates import NEVER, ages
from cpticd.simulation.streams import pick
from cpticd.simulation.vectors import Bools, Floats, Ints, Rows
from cpticd.simulation.world import World

#: Lower age of the bands of the catalogue, and years that each spans.
BANDS = ((0, 18), (18, 27), (45, 20), (65, 10), (75, 18))
STATES = ("AZ", "CO", "FL", "GA", "IL", "MI", "NC", "OH", "PA", "TX")


@dataclass
class People(Rows):
    """One element per person."""

    payer: Ints
    male: Bools
    birth: Ints
    death: Ints  # NEVER for most
    band: Ints  # age band by person and year
    age: Ints  # age on January 1 by person and year
    rural: Bools
    facility: Bools  # lives in a nursing facility
    risk: Floats  # factor on how often the person falls ill
    state: Ints

    @property
    def size(self) -> int:
        return self.payer.size


def populate(world: World, size: int) -> People:
    """Persons with payer, age and sex; each payer has ages of its own. Deaths are in the last year alone."""
    catalogue, draws, starts = world.catalogue, world.draws, world.starts
    payer = pick(draws("payer", size), catalogue.payer_number("share"))
    band = np.zeros(size, dtype=np.int64)
    uniform = draws("band", size)
    shares = np.stack([numbers(catalogue.payer_rows, f"b{b}") for b in range(len(BANDS))], axis=1)
    for i, share in enumerate(shares):
        mine = payer == i
        band[mine] = pick(uniform[mine], share)
    low, span = np.array(BANDS).T
    age = low[band] + (draws("age", size) * span[band]).astype(np.int64)
    birth = starts[0] - age * 365 - age // 4 - 1 - draws.below("birthday", size, 364)
    by_year = np.stack([ages(start, birth) for start in starts[:-1].tolist()], axis=1)
    dies = draws("dies", size) < np.array([0.0005, 0.001, 0.006, 0.025, 0.07])[band]
    return People(
        payer=payer,
        male=draws("sex", size) < 0.47,
        birth=birth,
        death=np.where(dies, starts[-2] + draws.below("death", size, starts[-1] - starts[-2]), NEVER),
        band=np.searchsorted(low, by_year, side="right") - 1,
        age=by_year,
        rural=draws("rural", size) < 0.14,
        facility=draws("facility", size) < np.array([0, 0, 0.002, 0.012, 0.06])[band],
        risk=0.45 + 1.1 * draws("risk", size),
        state=draws.below("state", size, len(STATES)),
    )
