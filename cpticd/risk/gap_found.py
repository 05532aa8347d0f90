"""What one kind of evidence finds, in the shape in which kinds are put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from cpticd.core.errors import SchemaError

#: One row per person, HCC and kind. ``place``: 1 the HCC is coded in the year, 2 a higher one, 3 a lower one, 0 none.
CANDIDATE: Final = (
    "person_id", "hcc", "kind", "diagnosis_code", "rule", "stratum", "share", "place", "sentence", "support",
)  # fmt: skip
#: One row per person, HCC, kind, claim and code that speaks for the condition.
EVIDENCE: Final = ("person_id", "hcc", "kind", "claim_id", "claim_date", "code")


@dataclass
class Found:
    """Candidates of one kind, their evidence, and rows that were left out, in words and numbers."""

    candidates: pd.DataFrame
    evidence: pd.DataFrame
    left_out: dict[str, Any]


def nothing() -> Found:
    """No candidate."""
    return Found(pd.DataFrame(columns=list(CANDIDATE)), pd.DataFrame(columns=list(EVIDENCE)), {})


def band(count: pd.Series, noun: str) -> pd.Series:
    """A count in words: "1 claim", "2+ claims"."""
    return (count >= 2).map({True: f"2+ {noun}s", False: f"1 {noun}"})


def number(count: pd.Series, noun: str) -> pd.Series:
    """A count with its noun: "1 claim", "3 claims"."""
    return count.astype(int).astype(str) + (count == 1).map({True: f" {noun}", False: f" {noun}s"})


def matched(wanted: pa.Table, found: pd.DataFrame) -> pd.DataFrame:
    """One row per row of ``wanted`` (first, last) and code of ``found`` (code) that lies within its range.

    Codes are text: a range holds the codes of the length of its ends that lie between them.
    """
    rows = wanted.to_pandas().reset_index(names="row")
    pairs = rows.merge(found, on="system") if "system" in rows else rows.merge(found, how="cross")
    keep = (pairs["code"] >= pairs["code_from"]) & (pairs["code"] <= pairs["code_to"])
    keep &= pairs["code"].str.len() == pairs["code_from"].str.len()
    return pairs[keep]


def prefixed(prefixes: pd.DataFrame, column: str, found: pd.Series) -> pd.DataFrame:
    """One row per row of ``prefixes``, prefix in its blank-separated ``column``, and code that begins with it."""
    # Rules are a few hundred rows, asked many times: plain dictionaries take a tenth of what joins of frames take.
    split = [
        (at, each)
        for at, text in enumerate(prefixes[column])
        if isinstance(text, str)
        for each in text.split()
    ]
    codes = found.dropna().drop_duplicates().tolist()
    rows: list[tuple[int, str, str]] = []
    for length in dict.fromkeys(len(prefix) for _, prefix in split):
        begun: dict[str, list[str]] = {}
        for code in codes:
            begun.setdefault(code[:length], []).append(code)
        rows += [
            (at, prefix, code)
            for at, prefix in split
            if len(prefix) == length
            for code in begun.get(prefix, ())
        ]
    made = prefixes.iloc[[at for at, _, _ in rows]].reset_index(drop=True)
    made["prefix"] = pd.Series([prefix for _, prefix, _ in rows], dtype="str")
    made["code"] = pd.Series([code for _, _, code in rows], dtype="str")
    return made


def extended(name: str, builtin: pd.DataFrame, own: pd.DataFrame | None, key: list[str]) -> pd.DataFrame:
    """The built-in rules with the user's own rows, which replace those of the same key.

    Absent columns of the user's rows are taken as said in the reference table. SchemaError where a column that is
    needed is missing, a cell is no number that has to be one, or a share is not above 0 and at most 1.
    """
    if own is None:
        return builtin
    if missing := [column for column in key if column not in own.columns]:
        raise SchemaError(
            f"{name}: no column {missing}; found {list(own.columns)}; needs {list(builtin.columns)}"
        )
    own = own.reindex(columns=builtin.columns).copy()
    for column in builtin.columns:
        if pd.api.types.is_numeric_dtype(builtin[column]):
            own[column] = _numbers(name, own[column])
        else:
            own[column] = own[column].astype(object).fillna("").astype(str).str.strip()
    if "share" in own:
        own["share"] = own["share"].fillna(1.0)
    if "share" in own and not own["share"].between(0, 1, inclusive="right").all():
        raise SchemaError(f"{name}: share lies above 0 and is at most 1; found {own['share'].tolist()}")
    both = pd.concat([own, builtin], ignore_index=True)
    return both.drop_duplicates(key, keep="first").reset_index(drop=True)


def _numbers(name: str, column: pd.Series) -> pd.Series:
    """A column of numbers, empty ones as missing."""
    texts = column.astype(object).fillna("").astype(str).str.strip()
    found = pd.to_numeric(texts.where(texts != ""), errors="coerce")
    wrong = texts[(texts != "") & found.isna()]
    if len(wrong):
        raise SchemaError(f"{name}: {column.name}: {wrong.iloc[0]!r} is no number")
    return found
