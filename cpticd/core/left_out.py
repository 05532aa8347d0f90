"""How much of a data set a selection holds and leaves out."""

from __future__ import annotations

from typing import Any

from cpticd.core.schema import TABLES
from cpticd.core.session import Session


def accounts(whole: Session, part: Session, words: str) -> list[dict[str, Any]]:
    """One row per table that the data set fills, as in accounting; ``words`` say what was selected."""
    rows = []
    for name, table in TABLES.items():
        amount = f"CAST(sum({table.amount}) AS DOUBLE)" if table.amount else "CAST(NULL AS DOUBLE)"
        text = f"SELECT count(*) AS n, {amount} AS amount FROM {name}"
        (read,), (loaded,) = whole.rows(text), part.rows(text)
        lost = None if table.amount is None else (read["amount"] or 0.0) - (loaded["amount"] or 0.0)
        rows.append(
            {
                "source": f"selection: {words}", "table_name": name, "read": read["n"], "loaded": loaded["n"],
                "rejected": 0, "amount_read": read["amount"], "amount_loaded": loaded["amount"],
                "amount_rejected": 0.0 if table.amount else None,
                "left_out": read["n"] - loaded["n"], "amount_left_out": None if lost is None else round(lost, 2),
            }
        )  # fmt: skip
    return [row for row in rows if row["read"]]
