from __future__ import annotations

from cpticd.modules import make_callable
from cpticd.simulate.edits import edit_tables
from cpticd.simulate.simulation import Simulation, demo, simulate
from cpticd.simulate.x12 import write_x12

__all__ = ["Simulation", "demo", "edit_tables", "simulate", "write_x12"]

make_callable(__name__, simulate)
