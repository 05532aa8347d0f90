"""Insurers: who decides claims, first or second, and whom each person has as a second payer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa

from cpticd.simulation.book import Book
from cpticd.simulation.catalogue import numbers, rows, weights
from cpticd.simulation.columns import text
from cpticd.simulation.vectors import Bools, Ints
from cpticd.simulation.world import World

#: Kinds (of payers.csv) that pay hospital outpatient services by package, and the bill types on which they do.
PACKAGING, PACKAGED = ("ffs", "ma"), ("12", "13", "14")


@dataclass
class Insurers:
    """Payers of the catalogue, in its order, then those that only pay after another (insurers.csv)."""

    names: list[str]
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
    return Insurers(names, kinds, numbers(table, "appeal").tolist(), second)


def called(insurer: Ints) -> dict[str, pa.Array]:
    """Columns of claims and adjudications that say which insurer it is: its name, number and kind."""
    table = rows("insurers")
    names = {"payer": "payer", "payer_id": "payer_id", "payer_kind": "kind"}
    return {column: text([row[name] for row in table], insurer) for column, name in names.items()}


def packages(book: Book) -> Bools:
    """Lines of hospital outpatient claims to payers that package."""
    bill = np.array([place[:2] in PACKAGED for place in book.catalogue.places])[book.claims.place]
    pays = np.isin(book.catalogue.payer_kinds, PACKAGING)[book.claims.payer]
    return (book.claims.institutional & bill & pays)[book.lines.claim]


@cache
def root_cause(carc: str, rarc: str) -> str:
    """Root cause of a denial (root_causes.csv): that of the reason with its remark, else of the reason."""
    causes = {reason: row["category"] for row in rows("root_causes") for reason in row["reasons"].split()}
    return causes.get(f"{carc}:{rarc}", causes.get(carc, "other"))
