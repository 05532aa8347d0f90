"""Insurers: who decides claims, first or second, and whom each person has as a second payer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from cpticd.simulation.book import Book
from cpticd.simulation.catalogue import numbers, rows, weights
from cpticd.simulation.vectors import Ints
from cpticd.simulation.world import World

#: Kinds that pay hospital outpatient services by package, and the bill types on which they do.
PACKAGING, PACKAGED = ("medicare", "medicare advantage"), ("12", "13", "14")


@dataclass
class Insurers:
    """Payers of the catalogue, in its order, then those that only pay after another (insurers.csv)."""

    names: list[str]
    ids: list[str]
    kinds: list[str]  # as the canonical tables name them
    appeal: list[float]  # factor on the odds that a denial which is worked is overturned
    second: Ints  # second payer of every claim of the book, −1 none


def insure(world: World, book: Book) -> Insurers:
    """The insurers, and the second payer of each claim: that of its person beside the first one."""
    table, catalogue = rows("insurers"), world.catalogue
    names = [row["payer"] for row in table]
    assert names[: len(catalogue.payers)] == catalogue.payers
    claims = book.claims
    uniform = world.draws("second payer", int(claims.person.max(initial=-1)) + 1)[claims.person]
    kind = catalogue.payer_kinds[claims.payer]
    second, share = np.full(claims.size, -1), np.zeros(claims.size)
    for i, row in enumerate(table):
        for first, part in weights(row["second_to"]).items():
            mine = (kind == first) & (claims.payer != i)
            second[mine & (uniform >= share) & (uniform < share + part)] = i
            share[mine] += part
    kinds = [row["kind"] for row in table]
    return Insurers(
        names, [row["payer_id"] for row in table], kinds, numbers(table, "appeal").tolist(), second
    )


@cache
def root_cause(carc: str, rarc: str) -> str:
    """Root cause of a denial (root_causes.csv): that of the reason with its remark, else of the reason."""
    causes = {reason: row["category"] for row in rows("root_causes") for reason in row["reasons"].split()}
    return causes.get(f"{carc}:{rarc}", causes.get(carc, "other"))
