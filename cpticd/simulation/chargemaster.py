"""Chargemaster: what each provider charges for each of its services, which says little of what is paid for it.

Markups over the fee schedule differ by department (high in imaging and the laboratory, low for visits), by provider,
and by item without any order; they lie between 1.2 and 10.
"""

from __future__ import annotations

import numpy as np

from cpticd.simulation.book import Book
from cpticd.simulation.catalogue import numbers, rows
from cpticd.simulation.world import World

#: Lowest and highest markup over the fee schedule.
LEAST, MOST = 1.2, 10.0
#: What hospitals charge more than others for the same service.
HOSPITALS = 1.4


def mark_up(world: World, book: Book) -> None:
    """Charge every line by the chargemaster of its provider. Changes the book."""
    catalogue, lines = world.catalogue, book.lines
    provider = book.claims.billing[lines.claim]
    size, width = int(provider.max(initial=0)) + 1, len(catalogue.procedures)
    table = rows("markups")
    usual = dict(zip((row["family"] for row in table), numbers(table, "usual").tolist(), strict=True))
    department = np.array([usual[name] for name in catalogue.families])[catalogue.family[lines.procedure]]
    department = np.where(book.claims.institutional[lines.claim], department * HOSPITALS, department)
    level = _around_one(world.draws("chargemaster provider", size))[provider]
    item = _around_one(world.draws("chargemaster item", (size, width)))[provider, lines.procedure]
    markup = np.clip(department * level * item, LEAST, MOST)
    each = (catalogue.fee[lines.procedure] * markup).astype(np.int64)
    lines.charge = np.maximum(each, 1) * lines.units


def _around_one(uniform: np.ndarray) -> np.ndarray:
    """Factors from 0.4 to 2.8, half of them below 1."""
    found: np.ndarray = 0.4 + 2.4 * uniform * uniform
    return found
