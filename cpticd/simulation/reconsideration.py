"""Reconsideration: what becomes of first decisions later.

A replacement voids the original, a rework has some denials overturned, and some payments are taken back.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cpticd.simulation.adjudication import Decisions
from cpticd.simulation.behaviour import Reasons
from cpticd.simulation.book import Book
from cpticd.simulation.dates import is_weekend
from cpticd.simulation.vectors import Bools, Ints, flags
from cpticd.simulation.world import World

#: Share of the paid claims that are taken back, of these the share that is denied as not covered (CARC 27).
TAKEN_BACK, REFUSED = 0.008, 0.5


@dataclass
class Reconsidered:
    """What is decided once more, and of every claim whether and when."""

    decisions: Decisions  # of the lines of claims that are decided once more
    day: Ints
    reversed: Bools
    again: Bools  # decided once more, on the day of the reversal


def reconsider(world: World, book: Book, first: Decisions, reasons: Reasons) -> Reconsidered:
    """Reversals and second decisions."""
    draws, claims, lines = world.draws, book.claims, book.lines
    size, n, copy = claims.size, lines.size, world.catalogue.rules.index("duplicate_claim")
    any_denied = flags(size, lines.claim[first.denied])
    replacement = np.flatnonzero(claims.replaces >= 0)
    original = claims.replaces[replacement]
    replaced = flags(size, original)
    share = world.catalogue.payer_number("rework")[claims.payer]
    reworked = any_denied & ~replaced & (draws("rework", size) < share)
    overturned = first.denied & reworked[lines.claim]
    overturned &= draws("overturned", n) < reasons.overturn[np.maximum(first.reason, 0)]
    corrected = flags(size, lines.claim[overturned])
    # A claim that was sent twice stands: taken back, it would leave its copy alone, and no copy.
    copied = np.isin(claims.encounter, claims.encounter[lines.claim[lines.rule == copy]])
    back = ~any_denied & ~replaced & ~copied & (draws("taken back", size) < TAKEN_BACK)
    refused = back & (draws("refused", size) < REFUSED)
    wait = draws("rework days", size)
    day = claims.decided + np.where(
        back, 60 + (wait * 240).astype(np.int64), 25 + (wait * wait * 120).astype(np.int64)
    )
    day[original] = claims.decided[replacement]
    day += np.where(is_weekend(day), 2, 0)
    reverse = (corrected | replaced | back) & (day <= world.end)
    return Reconsidered(
        _second(first, (corrected | refused)[lines.claim], refused[lines.claim], overturned, reasons),
        day,
        reverse,
        (corrected | refused) & reverse,
    )


def leave(book: Book, first: Decisions) -> Reconsidered:
    """First decisions stand."""
    none = np.zeros(book.claims.size, dtype=bool)
    return Reconsidered(first.take(np.zeros(book.lines.size, dtype=bool)), book.claims.decided, none, none)


def _second(first: Decisions, again: Bools, refused: Bools, overturned: Bools, reasons: Reasons) -> Decisions:
    """Second decisions of the lines ``again``: what is refused is denied, and what is overturned is paid."""
    found = first.take(again)
    refused = refused[again]
    found.denied = refused | (found.denied & ~overturned[again])
    found.reason = np.where(overturned[again], -1, found.reason)
    found.reason = np.where(refused, reasons.index("27", ""), found.reason)
    found.part = np.where(found.denied, 0, found.part)
    return found
