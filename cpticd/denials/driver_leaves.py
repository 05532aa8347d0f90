"""How drivers leave: a table of cells for every level, protected together; what the model expects is a comparison."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from cpticd.core.contract import carry, records_of
from cpticd.core.measure import Cells, Compared, Parts

#: Columns that speak of a row's denials.
_OF_DENIED: Final = (
    "denied_lines", "rate", "low", "high", "design_effect", "effective_lines", "denied_amount", "top_category",
    "top_carc", "since",
)  # fmt: skip
#: Columns that hold a row against what all other lines let expect.
_COMPARED: Final = (
    "expected_denials", "expected_rate", "excess_denials", "excess_low", "excess_high", "odds_ratio",
    "excess_amount",
)  # fmt: skip
#: What is made of all candidates of a level, also those that do not leave; that a row is listed says that it passes.
_OF_ALL: Final = ("p_value", "q_value")


def tables(frame: pd.DataFrame, _: Parts) -> Mapping[str, tuple[pd.DataFrame, Cells]]:
    """The rows of each level with what their cells are."""
    whole = records_of(frame).get("arguments", {}).get("cause") is None
    found = {}
    for level, rows in frame.groupby("level", sort=False):
        keys = tuple(str(level).split(" × "))
        dropped = [name for name in frame.columns[1 : list(frame.columns).index("lines")] if name not in keys]
        counted = carry(frame, rows.drop(columns=dropped).reset_index(drop=True))
        found[str(level)] = (counted, _cells(keys) if whole else _cells_of_cause(keys))
    return found


def _cells(keys: tuple[str, ...]) -> Cells:
    return Cells(
        by=keys, persons="persons", where="adjudicated", numerators={"denied": _OF_DENIED}, labels="level",
        withheld=_OF_ALL,
        compared=Compared(_COMPARED, within=("place", "quarter"), leaning=(("payer",), ("hcpcs_code",))),
    )  # fmt: skip


def _cells_of_cause(keys: tuple[str, ...]) -> Cells:
    """Of one cause no denials: whose they are is not known."""
    return Cells(
        by=keys, persons="persons", where="adjudicated", labels="level",
        withheld=(*_OF_ALL, *_OF_DENIED, *_COMPARED),
    )  # fmt: skip


def apply(frame: pd.DataFrame, shown: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The levels below one another again, in an order of what is shown."""
    if not shown:
        return frame.copy()
    parts = []
    for table in shown.values():
        hidden = dict(table.attrs["disclosure"]["hidden"])
        gone = {name: [int(row) for row in str(rows).split()] for name, rows in hidden.items()}
        flags = {f"_gone {name}": np.isin(np.arange(len(table)), rows) for name, rows in gone.items()}
        parts.append(table.assign(**flags))
    made = pd.concat(parts, ignore_index=True)
    made = made.reindex(
        columns=[*frame.columns, *(name for name in made.columns if name not in frame.columns)]
    )
    keys = list(frame.columns[: list(frame.columns).index("lines")])
    made["_lines"] = made["lines"].astype("Float64")
    made = made.sort_values(
        ["excess_amount", "denied_amount", "_lines", *keys],
        ascending=[False, False, False, *[True] * len(keys)], ignore_index=True, na_position="last",
    )  # fmt: skip
    hidden = {}
    for name in frame.columns:
        flag = f"_gone {name}"
        if flag in made.columns and (rows := np.flatnonzero(made[flag].fillna(False).astype(bool))).size:
            hidden[name] = " ".join(map(str, rows))
    result = carry(frame, made.reindex(columns=list(frame.columns)))
    result.attrs["disclosure"] = {"hidden": hidden}
    return result
