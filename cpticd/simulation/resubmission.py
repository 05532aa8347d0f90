"""Resubmission: providers replace some of the claims of which a line was denied."""

from __future__ import annotations

import numpy as np

from cpticd.simulation.book import Book, ClaimRows, DiagnosisRows, LineRows
from cpticd.simulation.chances import Chances
from cpticd.simulation.dates import is_weekend
from cpticd.simulation.vectors import Ints, flags
from cpticd.simulation.world import World

#: Share of the claims with a denial and without a coding error that are replaced.
REPLACED = 0.06


def resubmit(world: World, book: Book, chances: Chances) -> Chances:
    """Add replacement claims, and the day on which each claim is decided first. Changes the book.

    Returns the chances of all lines, those of the replacements with a draw of their own.
    """
    originals = book.claims.size
    book.claims.decided = decision_days(world, book, "paid")
    again = _replace(world, book, chances)
    book.claims.decided[originals:] = decision_days(world, book, "paid again")[originals:]
    return Chances.stack(chances, chances.take(again).drawn(world, "denied again"))


def decision_days(world: World, book: Book, stream: str) -> Ints:
    """Day of the first remittance of every claim, by the payer's pace; none is sent on a weekend."""
    delay, spread = (
        world.catalogue.payer_number(name).astype(np.int64)[book.claims.payer] for name in ("delay", "spread")
    )
    u = world.draws(stream, delay.size)
    day = book.claims.received + delay + (spread * (0.4 * u + 1.6 * u * u * u * u)).astype(np.int64)
    return day + np.where(is_weekend(day), 7 - (day + 3) % 7, 0)


def _replace(world: World, book: Book, chances: Chances) -> Ints:
    """Add replacements of some denied claims to the book; returns the lines that they copy."""
    claims, lines, draws = book.claims, book.lines, world.draws
    size = claims.size
    denied = flags(size, lines.claim[chances.denied])
    broken = flags(size, lines.claim[lines.rule >= 0])
    sent = claims.decided + 12 + draws.below("replaced after", size, 40)
    old = np.flatnonzero(denied & ~broken & (sent < world.end) & (draws("replaced", size) < REPLACED))
    new = claims.take(old)
    new.replaces, new.received = old, sent[old]
    number = np.full(size, -1)
    number[old] = size + np.arange(old.size)
    again = np.flatnonzero(number[lines.claim] >= 0)
    new_lines = lines.take(again)
    new_lines.claim = number[new_lines.claim]
    new_diagnoses = book.diagnoses.take(number[book.diagnoses.claim] >= 0)
    new_diagnoses.claim = number[new_diagnoses.claim]
    book.claims = ClaimRows.stack(claims, new)
    book.lines = LineRows.stack(lines, new_lines)
    book.diagnoses = DiagnosisRows.stack(book.diagnoses, new_diagnoses)
    return again
