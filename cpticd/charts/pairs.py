"""What the two charts of diagnosis × procedure pairs share: levels, labels, hover."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from cpticd.charts import format as fmt
from cpticd.charts import frames

MEASURES: Final = [
    *("lines", "persons", "denied_lines", "rate", "low", "high", "expected_rate", "shrunk_rate"),
    *("excess_denials", "q_value", "denied_amount", "top_category", "top_carc"),
]
CODES: Final = ("hcpcs_code", "diagnosis_code")
FAMILIES: Final = ("hcpcs_family", "diagnosis_family")


def keys(pairs: pd.DataFrame, chart: str) -> tuple[str, str]:
    """The two columns that name a pair: codes where the frame has them, else families."""
    source = "denials.by_pair(claims)"
    frames.require(pairs, MEASURES, chart, source)
    columns = CODES if CODES[0] in pairs.columns else FAMILIES
    frames.require(pairs, columns, chart, source)
    return columns


def payer_columns(pairs: pd.DataFrame) -> list[str]:
    """The columns beside the pair that by_pair was grouped by."""
    named = {*CODES, *FAMILIES}
    return [name for name in frames.group_columns(pairs, MEASURES) if name not in named]


def noun(columns: tuple[str, str]) -> str:
    """What a pair joins, for titles."""
    return "procedure × diagnosis" if columns == CODES else "procedure × diagnosis families"


#: Hover of one pair; ``facts`` fills %{customdata[i]} from position 2 on, after the pair's two keys.
HOVER: Final = frames.hover(
    "%{customdata[2]}",
    "n: %{customdata[3]} lines, %{customdata[4]} persons",
    "denied: %{customdata[5]} lines, %{customdata[6]}",
    "rate: %{customdata[7]} (95 % interval %{customdata[8]})",
    "expected: %{customdata[9]}, shrunk: %{customdata[10]}",
    "excess denials: %{customdata[11]}, q: %{customdata[12]}",
    "first cause: %{customdata[13]}",
)


def facts(row: Any, columns: tuple[str, str], groups: list[str]) -> list[str]:
    """What a point carries: the pair's keys as they are, to drill by, then text for the hover."""
    procedure, diagnosis = (fmt.text(getattr(row, name)) for name in columns)
    where = "".join(f", {fmt.text(getattr(row, name))}" for name in groups)
    cause = fmt.text(row.top_category)
    carc = fmt.text(row.top_carc)
    return [
        procedure,
        diagnosis,
        fmt.safe(f"{procedure} × {diagnosis}{where}"),
        fmt.count(row.lines),
        fmt.count(row.persons),
        fmt.count(row.denied_lines),
        fmt.dollars(row.denied_amount),
        fmt.percent(row.rate),
        fmt.interval(row.low, row.high),
        fmt.percent(row.expected_rate),
        fmt.percent(row.shrunk_rate),
        fmt.count(row.excess_denials),
        fmt.probability(row.q_value),
        fmt.safe(cause if carc == fmt.MISSING else f"{cause} (CARC {carc})"),
    ]
