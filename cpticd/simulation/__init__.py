"""Synthetic claims with planted truth: for demos, tests and tables of data/, and imported by nothing else."""

from cpticd.simulation.edits import edit_tables
from cpticd.simulation.simulation import Simulation, demo, simulate
from cpticd.simulation.x12 import write_x12

__all__ = ["Simulation", "demo", "edit_tables", "simulate", "write_x12"]
