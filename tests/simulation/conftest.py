"""One simulation that the tests share, and the same one without effects."""

from __future__ import annotations

import pytest

from cpticd.simulation import Simulation, simulate


@pytest.fixture(scope="session")
def simulation() -> Simulation:
    return simulate(persons=3000, seed=5)


@pytest.fixture(scope="session")
def plain() -> Simulation:
    return simulate(persons=1500, seed=5, effects=False)
