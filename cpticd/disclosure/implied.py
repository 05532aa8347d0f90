"""Facts that tables imply by themselves, where nobody gave any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from cpticd.core.errors import ArgumentError
from cpticd.disclosure.settings import settings
from cpticd.disclosure.tables import Table

#: The column that names a person of implied facts.
PERSON: Final = "person"


def with_person(facts: pd.DataFrame, person: str) -> pd.DataFrame:
    if person not in facts.columns:
        raise ArgumentError(
            f"facts: no column {person!r} that names the person; found {list(facts.columns)}; pass person="
        )
    return facts


def facts_of(tables: Sequence[Table]) -> pd.DataFrame:
    """Facts that the most detailed table implies: its rows, with the same persons in each."""
    finest = max(tables, key=lambda each: (len(each.keys), len(each.frame)))
    for each in tables:
        if each.persons is None or not set(each.keys.values()) <= set(finest.keys.values()) or each.where:
            raise ArgumentError(
                f"table {each.name!r}: without facts every table names its column of persons, has keys of the most "
                f"detailed one ({finest.name!r}: {list(finest.keys.values())}) and no where=; give facts to Release"
            )
    most = settings().minimum
    flagged = sorted({flag for each in tables for flag in each.numerators})
    absent = [flag for flag in flagged if flag not in finest.frame.columns]
    if absent:
        raise ArgumentError(f"table {finest.name!r}: no column of persons {absent}; give facts to Release")
    frames = []
    columns = [finest.persons, *flagged]
    counts = finest.frame[columns].apply(pd.to_numeric).fillna(0).to_numpy(dtype=np.int64)
    rest = np.maximum(counts[:, 0] - counts[:, 1:].sum(axis=1), 0)
    for flag, persons in [(None, rest), *zip(flagged, counts[:, 1:].T, strict=True)]:
        times = np.minimum(persons, most)
        rows = np.repeat(np.arange(len(counts)), times)
        part = pd.DataFrame(
            {key: finest.frame[column].iloc[rows].to_numpy() for column, key in finest.keys.items()}
        )
        for other in flagged:
            part[other] = np.full(len(rows), other == flag)
        part[PERSON] = [f"{n}" for count in times.tolist() for n in range(count)]
        frames.append(part)
    return pd.concat(frames, ignore_index=True)
