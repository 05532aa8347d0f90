"""Adjudication: what the payer decides of each line at first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cpticd.simulation.behaviour import Reasons
from cpticd.simulation.book import Book
from cpticd.simulation.catalogue import rows
from cpticd.simulation.chances import Chances, draw_reasons
from cpticd.simulation.vectors import Bools, Floats, Ints, Rows
from cpticd.simulation.world import World

#: Reasons (CARC, RARC) for denying part of a line's units, and how often that is done where there are several.
PARTS, PARTLY = (("151", ""), ("222", "N362"), ("119", "")), 0.06


@dataclass
class Decisions(Rows):
    """One element per line that is decided."""

    line: Ints
    denied: Bools
    reason: Ints  # of the line's denial, or of that of a part; −1 none
    procedure: Ints  # that the line is paid as
    part: Ints  # units that are denied of a line that is paid
    deductible: Floats  # uniform variates that settle what the patient owes
    copay: Floats


def decide(world: World, book: Book, chances: Chances, reasons: Reasons) -> Decisions:
    """First decisions: paid, denied for a reason, or denied in part; some are paid as a lower service."""
    draws, lines = world.draws, book.lines
    n, denied = lines.size, chances.denied
    reason = np.full(n, -1)
    lost = np.flatnonzero(denied)
    reason[lost] = draw_reasons(world, book, chances, lost)
    partly = ~denied & (lines.units > 1) & (draws("partly", n) < PARTLY)
    part = np.where(partly, 1 + draws.below("part", n, lines.units - 1), 0)
    of_part = np.array([reasons.index(*item) for item in PARTS])
    reason = np.where(partly, of_part[draws.below("part cause", n, len(PARTS))], reason)
    return Decisions(
        np.arange(n), denied, reason, _lower(world, book), part, draws("deductible", n), draws("copay", n)
    )


def _lower(world: World, book: Book) -> Ints:
    """Procedure that each line is paid as: some payers pay a lower one (downcodes.csv) without a word."""
    catalogue, lines, payer = world.catalogue, book.lines, book.payer
    found = lines.procedure.copy()
    uniform = world.draws("downcoded", found.size)
    for row in rows("downcodes"):
        mine = (payer == catalogue.payers.index(row["payer"])) & book.is_procedure(row["submitted"])
        found[mine & (uniform < float(row["share"]))] = catalogue.procedures[row["adjudicated"]]
    return found
