"""Synthetic claims with planted truth: for demos, tests and tables of data/, and imported by nothing else."""

from cpticd.simulation.interchange import write_x12
from cpticd.simulation.manual import rule_tables
from cpticd.simulation.pipeline import Simulation, demo, simulate

__all__ = ["Simulation", "demo", "rule_tables", "simulate", "write_x12"]


def __dir__() -> list[str]:
    return list(__all__)
