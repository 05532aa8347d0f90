"""Specific codes that stand beside an unspecified one in the code set."""

from __future__ import annotations

from functools import cache
from typing import Final

import pandas as pd

from cpticd import codes as _codes
from cpticd.reference import icd10cm, traits

COLUMNS: Final = ("code", "title")


def specific_siblings(code: str) -> pd.DataFrame:
    """One row per billable code that is more specific than an unspecified one: code, title, in the list's order.

    They stand under the nearest code above that has any, for the same episode of care (``reference.traits``:
    specific_parent). No row for a code that is not unspecified, or has none. That a
    code exists does not say that it holds: the record does.
    """
    own = _codes.normal(code).iloc[0]
    table = _table()
    if own not in table.index or not table.at[own, "specific_parent"]:
        return pd.DataFrame({name: pd.Series(dtype="str") for name in COLUMNS})
    parent = str(table.at[own, "specific_parent"])
    # Codes are sorted, and all that begin alike stand together.
    beside = table.iloc[slice(*table.index.searchsorted([parent, parent + "~"]))]
    beside = beside[~beside["unspecified"]]
    found = beside.index[_episode(beside) == _episode(table.loc[[own]]).iloc[0]]
    return pd.DataFrame({"code": found.astype("str"), "title": icd10cm.title(list(found)).to_numpy()})


def siblings_in_claims(code: str, shares: pd.DataFrame) -> pd.DataFrame:
    """One row per specific code beside an unspecified one: code, title, claims_here that have it, the most first.

    ``shares``: what ``specificity.share`` returned by diagnosis_code, alone or with dimensions above it.
    """
    found = specific_siblings(code)
    claims = shares.groupby("diagnosis_code")["claims"].max()
    found["claims_here"] = found["code"].map(claims).fillna(0).astype("int64")
    return found.sort_values(["claims_here", "code"], ascending=[False, True], ignore_index=True)


def _episode(table: pd.DataFrame) -> pd.Series:
    """The seventh character where it stands for the episode; open and closed fractures have their own."""
    return table["episode"].where(table["episode"] == "", table.index.str[-1])


@cache
def _table() -> pd.DataFrame:
    names = ["diagnosis_code", "unspecified", "specific_parent", "episode"]
    return traits.diagnosis().select(names).to_pandas().set_index("diagnosis_code").sort_index()
