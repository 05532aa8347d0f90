from __future__ import annotations

from cpticd.modules import make_callable
from cpticd.simulate.simulation import Simulation, demo, simulate

__all__ = ["Simulation", "demo", "simulate"]

make_callable(__name__, simulate)
