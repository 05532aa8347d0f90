"""How many rows and dollars of each source and table were read, loaded, rejected and left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final, Self

import pyarrow as pa

from cpticd.core.schema import ACCOUNTING, TABLES

ZERO: Final = Decimal("0.00")


@dataclass
class Count:
    read: int = 0
    loaded: int = 0
    rejected: int = 0
    left_out: int = 0  # understood, and held by no table
    amount_read: Decimal = ZERO
    amount_loaded: Decimal = ZERO
    amount_rejected: Decimal = ZERO
    unpriced: int = 0  # rejected without an amount that can be read
    in_dollars: bool = False  # whether what is no canonical table is counted in dollars too


class Accounts(defaultdict[tuple[str, str], Count]):
    """The counts by source and table."""

    def __init__(self) -> None:
        super().__init__(Count)

    def copied(self) -> Self:
        """The counts as they stand now."""
        made = type(self)()
        made.update({key: replace(count) for key, count in self.items()})
        return made

    def table(self) -> pa.Table:
        """One row per source and table, in the form of ``schema.ACCOUNTING``."""
        order = {name: place for place, name in enumerate(TABLES)}
        rows: list[dict[str, Any]] = []
        for source, table in sorted(self, key=lambda key: (key[0], order.get(key[1], -1), key[1])):
            count = self[source, table]
            has_amount = TABLES[table].amount is not None if table in TABLES else count.in_dollars
            rows.append(
                {
                    "source": source,
                    "table_name": table,
                    "read": count.read,
                    "loaded": count.loaded,
                    "rejected": count.rejected,
                    "amount_read": count.amount_read if has_amount else None,
                    "amount_loaded": count.amount_loaded if has_amount else None,
                    "amount_rejected": count.amount_rejected if has_amount else None,
                    "left_out": count.left_out,
                    "amount_left_out": ZERO if has_amount else None,
                }
            )
        return pa.Table.from_pylist(rows, schema=ACCOUNTING)


def totals(tables: Sequence[str]) -> str:
    """SQL of how many rows, and dollars, each source has in canonical tables: name, _source, n, amount."""
    parts = []
    for name in tables:
        amount = f"coalesce(sum({TABLES[name].amount}), 0)" if TABLES[name].amount else "0"
        parts.append(
            f"SELECT '{name}' AS name, _source, count(*) AS n, CAST({amount} AS DECIMAL(18,2)) AS amount "
            f"FROM {name} GROUP BY ALL"
        )
    return " UNION ALL ".join(parts)
