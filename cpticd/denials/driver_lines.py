"""Lines in columns of numbers, and the levels that drivers are looked for at: which lines belong to which candidate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from cpticd import sql
from cpticd.core.selection import Grouping
from cpticd.core.session import Session
from cpticd.denials.numbering import numbered

#: The pair's diagnosis, as a dimension of drivers and as a column.
DIAGNOSIS = "diagnosis"


@dataclass
class Lines:
    """Adjudicated lines: whether denied, dollars, month, what they depend on one another by, and their dimensions.

    ``codes`` of a dimension are numbers, ``names`` what they stand for. ``pointing``: rows of line and diagnosis.
    """

    denied: np.ndarray
    amount: np.ndarray
    month: np.ndarray
    quarter: np.ndarray
    clusters: dict[str, np.ndarray]
    person: np.ndarray
    codes: dict[str, np.ndarray]
    names: dict[str, np.ndarray]
    pointing: tuple[np.ndarray, np.ndarray]

    @property
    def size(self) -> int:
        return len(self.denied)


@dataclass
class Level:
    """Candidates of one level: ``line`` and ``candidate`` of each row, sorted by candidate; candidates' keys."""

    name: str
    dimensions: tuple[str, ...]
    line: np.ndarray
    candidate: np.ndarray
    keys: pd.DataFrame
    start: np.ndarray

    @property
    def size(self) -> int:
        return len(self.keys)

    def lines_of(self, candidate: int) -> np.ndarray:
        """Lines of a candidate, each once."""
        return self.line[self.start[candidate] : self.start[candidate + 1]]


def lines_of(s: Session, groups: Grouping, hit: str, *, diagnoses: bool) -> Lines:
    """The adjudicated lines of a session; ``hit`` is SQL of what counts as denied."""
    select = "".join(f"CAST({each.sql} AS VARCHAR) AS by_{each.name}, " for each in groups.dimensions)
    found = s.fetch(
        sql.text("denials/driver_lines"), select=select, joins=groups.joins, hit=hit, **sql.provider_of("cc")
    )
    day = found.column("day").combine_chunks().cast(pa.date32()).to_numpy(zero_copy_only=False)
    month = day.astype("datetime64[M]")
    known = np.where(np.isnat(month), np.datetime64("1900-01-01", "M"), month).astype(np.int64)
    codes, names = {}, {}
    for name in ("claim_id", "whose", "clinician", "person_id", "category", "carc"):
        codes[name], names[name] = _numbered(found.column(name))
    for each in groups.dimensions:
        codes[each.name], names[each.name] = _numbered(found.column(f"by_{each.name}"))
    pointing = (np.empty(0, np.int64), np.empty(0, np.int64))
    if diagnoses:
        pointing, names[DIAGNOSIS] = _pointing(s, found)
    clinician = np.where(codes["clinician"] < 0, len(names["clinician"]), codes["clinician"])
    return Lines(
        denied=found.column("is_denied").to_numpy().astype(float),
        amount=found.column("amount").to_numpy().astype(float),
        month=month, quarter=np.unique(known // 3, return_inverse=True)[1],
        clusters={"claim": codes.pop("claim_id"), "person": codes.pop("whose"), "provider": clinician},
        person=codes.pop("person_id"), codes=codes, names=names, pointing=pointing,
    )  # fmt: skip


def _pointing(s: Session, found: pa.Table) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
    """Number of the line and of the diagnosis, of each line and diagnosis."""
    pairs = s.fetch(sql.text("denials/driver_diagnoses"))
    numbered = found.select(["claim_id", "claim_line_number"]).append_column(
        "line", pa.array(np.arange(found.num_rows))
    )
    joined = pairs.join(numbered, ["claim_id", "claim_line_number"], join_type="inner")
    code, names = _numbered(joined.column("diagnosis_code"))
    return (joined.column("line").to_numpy(), code), names


def _numbered(column: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    found = numbered(column)
    return found.code.astype(np.int64), np.array(found.names, dtype=object)


def together(parts: Sequence[np.ndarray], size: int) -> np.ndarray:
    """One number for each combination of numbers, none of them below 0; of ``size`` rows."""
    key = np.zeros(size, dtype=np.int64)
    for part in parts:
        key = np.unique(key * (int(part.max(initial=0)) + 1) + part, return_inverse=True)[1].astype(np.int64)
    return key


def level(lines: Lines, dimensions: Sequence[str], min_lines: int) -> Level:
    """The candidates of some dimensions, of at least ``min_lines`` lines each."""
    diagnoses = DIAGNOSIS in dimensions
    line = lines.pointing[0] if diagnoses else np.arange(lines.size)
    parts = [lines.pointing[1] if name == DIAGNOSIS else lines.codes[name][line] for name in dimensions]
    there = np.ones(len(line), dtype=bool)
    for part in parts:
        there &= part >= 0
    line, parts = line[there], [part[there] for part in parts]
    key = together(parts, len(line))
    order = np.lexsort((line, key))
    line, key, parts = line[order], key[order], [part[order] for part in parts]
    enough = np.bincount(key, minlength=int(key.max(initial=-1)) + 1) >= min_lines
    kept = enough[key] if len(key) else np.zeros(0, dtype=bool)
    line, key, parts = line[kept], key[kept], [part[kept] for part in parts]
    _, first, candidate = np.unique(key, return_index=True, return_inverse=True)
    names = {name: lines.names[name][part[first]] for name, part in zip(dimensions, parts, strict=True)}
    start = np.append(first, len(line))
    return Level(" × ".join(dimensions), tuple(dimensions), line, candidate, pd.DataFrame(names), start)
