"""How drivers leave: a table of cells for every level, protected together; what the model expects is a comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from cpticd.core.contract import amend, carry, records_of
from cpticd.core.measure import Cells, Compared, Parts
from cpticd.denials.detectable import detectable
from cpticd.denials.excesses import in_whole_lines

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
#: Name of the record of a result that holds what is said of each level (looked at, lines of one of usual size) and of
#: all lines (denied ones, lines); and of the table of these.
MISSED: Final = "missed"
WHOLE: Final = "all lines"


def tables(frame: pd.DataFrame, _: Parts) -> Mapping[str, tuple[pd.DataFrame, Cells]]:
    """The rows of each level with what their cells are, and a row of all lines, whose rate tells what is missed."""
    whole = records_of(frame).get("arguments", {}).get("cause") is None
    found = {}
    denied, n = records_of(frame).get(MISSED, {}).get(WHOLE, (0, 0))
    if whole and n:
        of_all = carry(frame, pd.DataFrame({"lines": [n], "denied_lines": [denied]}))
        found[WHOLE] = (of_all, Cells(where="adjudicated", numerators={"denied": "denied_lines"}))
    levels = [tuple(str(level).split(" × ")) for level in frame["level"].unique()] if len(frame) else []
    for level, rows in frame.groupby("level", sort=False):
        keys = tuple(str(level).split(" × "))
        dropped = [name for name in frame.columns[1 : list(frame.columns).index("lines")] if name not in keys]
        counted = carry(frame, rows.drop(columns=dropped).reset_index(drop=True))
        found[str(level)] = (counted, _cells(keys, levels) if whole else _cells_of_cause(keys))
    return found


def _cells(keys: tuple[str, ...], levels: Sequence[tuple[str, ...]]) -> Cells:
    """Of a level; the model is fitted to sums of payers, of procedures and of every driver, also of other levels."""
    leaning = dict.fromkeys([("payer",), ("hcpcs_code",), *levels])
    return Cells(
        by=keys, persons="persons", where="adjudicated", numerators={"denied": _OF_DENIED}, labels="level",
        withheld=_OF_ALL,
        compared=Compared(_COMPARED, within=("place", "quarter"), leaning=tuple(leaning)),
    )  # fmt: skip


def _cells_of_cause(keys: tuple[str, ...]) -> Cells:
    """Of one cause no denials: whose they are is not known."""
    return Cells(
        by=keys, persons="persons", where="adjudicated", labels="level",
        withheld=(*_OF_ALL, *_OF_DENIED, *_COMPARED),
    )  # fmt: skip


def apply(frame: pd.DataFrame, shown: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The levels below one another again, in an order of what is shown; what is expected in whole lines."""
    missed = _missed(frame, shown)
    shown = {level: table for level, table in shown.items() if level != WHOLE}
    if not shown:
        return amend(carry(frame, frame.copy()), detectable=missed)
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
    made = in_whole_lines(made)
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
    result = amend(carry(frame, made.reindex(columns=list(frame.columns))), detectable=missed)
    result.attrs["disclosure"] = {"hidden": hidden}
    return result


def _missed(frame: pd.DataFrame, shown: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """What could have been missed, in words, of the rate of all lines where it leaves and of the drivers that leave."""
    if WHOLE not in shown:
        return {}
    row = shown[WHOLE].iloc[0]
    if pd.isna(row["denied_lines"]) or pd.isna(row["lines"]):
        return {}
    rate, q = float(row["denied_lines"]) / float(row["lines"]), float(records_of(frame)["arguments"]["q"])
    levels = {level: each for level, each in records_of(frame)[MISSED].items() if level != WHOLE}
    listed = {
        level: int(shown[level]["denied_lines"].notna().sum()) if level in shown else 0 for level in levels
    }
    words = {
        level: detectable(tested, usual, rate, listed[level], q) for level, (tested, usual) in levels.items()
    }
    return {level: text for level, text in words.items() if text}
