"""The columns of a cube, and the lines of them that a view counts: chosen, adjudicated, denied."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from cpticd.core.contract import CLOCKS
from cpticd.core.errors import ArgumentError
from cpticd.core.selection import names
from cpticd.denials.cube_choice import Choice, Column, Rows
from cpticd.denials.cube_pairs import Pairing, Used
from cpticd.denials.named_causes import Causes, in_order
from cpticd.denials.pair_sources import Grain
from cpticd.denials.rates import Decision

#: A procedure (family) and a diagnosis (family) that lines are restricted to; None: any.
Within = tuple[str | None, str | None]
#: Choices whose used lines are kept by pair: two grains of the last two.
KEPT_ROWS = 4


def pair_columns(grain: Grain) -> tuple[str, str]:
    """The two columns that name a pair."""
    return ("hcpcs_code", "diagnosis_code") if grain == "code" else ("hcpcs_family", "diagnosis_family")


@dataclass
class Columns:
    """Lines of claims, and the pairs that they belong to, as columns of numbers.

    ``lines``: what they are chosen by; ``old_enough``, ``decided``: which count in a denominator; ``last_day``: of the
    data set; ``known``, ``selection``: the dimensions of the claims, and the criteria that they were chosen by.
    ``clusters``: of each line the numbers of its claim, its person and its provider.
    """

    columns: dict[str, Column]
    lines: Rows
    known: tuple[str, ...]
    selection: dict[str, Any]
    old_enough: np.ndarray
    last_day: np.datetime64
    charge: np.ndarray
    amount: dict[str, np.ndarray]
    decided: dict[str, np.ndarray]
    claim_id: pa.Array
    line_number: np.ndarray
    strata: np.ndarray
    clusters: dict[str, np.ndarray]
    flags: dict[str, pd.DataFrame]
    pairs: dict[Grain, Pairing] = field(repr=False)
    kept_rows: dict[Any, Used] = field(default_factory=dict, repr=False)

    @cached_property
    def month(self) -> np.ndarray:
        """Of each line its month of service."""
        return self.lines.day.astype("datetime64[M]")

    @cached_property
    def months(self) -> list[str]:
        """Months of service, the first first."""
        return [str(month) for month in np.unique(self.month[~np.isnat(self.month)])]

    @cached_property
    def month_place(self) -> np.ndarray:
        """Of each line its month, counted from the first of ``months``; the last number where it is not dated."""
        if not self.months:
            return np.zeros(len(self.month), dtype=np.int64)
        first = np.datetime64(self.months[0], "M")
        size = int((np.datetime64(self.months[-1], "M") - first).astype(int)) + 1
        return np.where(np.isnat(self.month), size, (self.month - first).astype(np.int64))

    @cached_property
    def categories(self) -> list[str]:
        """Root causes of any denial, by either decision."""
        return sorted({*self.columns["initial_category"].names, *self.columns["final_category"].names})

    def counts(self, dimension: str) -> pd.Series:
        """One row per value of a dimension that lines are chosen by: its lines, the largest first."""
        found = self.lines.columns[dimension]
        counts = np.bincount(found.code[found.code >= 0], minlength=len(found.names))
        frame = pd.DataFrame({"name": found.names, "lines": counts})
        frame = frame.sort_values(["lines", "name"], ascending=[False, True])
        return pd.Series(frame["lines"].to_numpy(), index=frame["name"].tolist(), name="lines")


class Chosen:
    """The lines of a cube that meet criteria, and which of them are denied: by a decision, of some categories.

    ``category``: None of any, a text of one, a tuple of several.
    """

    def __init__(
        self, cube: Columns, choice: Choice, *, decision: Decision = "initial", category: Causes = None
    ) -> None:
        if decision not in CLOCKS:
            raise ArgumentError(f"decision: found {decision!r}; expected initial or final")
        category = in_order(category)
        if strange := [each for each in names(category) if each not in cube.categories]:
            raise ArgumentError(f"category: found {strange[0]!r}; there are {cube.categories}")
        self.cube = cube
        self.choice = choice
        self.decision: Decision = decision
        self.category = category
        self._inside: dict[tuple[Within, Grain], np.ndarray] = {}
        self.lines = cube.lines.chosen(choice)

    @cached_property
    def used(self) -> np.ndarray:
        """Lines that count in a denominator: adjudicated, and by the final decision old enough."""
        used = self.lines & self.cube.decided[self.decision]
        return used & self.cube.old_enough if self.decision == "final" else used

    @cached_property
    def left_out(self) -> int:
        """Adjudicated lines that are too young for their final decision."""
        if self.decision == "initial":
            return 0
        return int(np.count_nonzero(self.lines & self.cube.decided["final"] & ~self.cube.old_enough))

    @cached_property
    def wanted(self) -> np.ndarray:
        """Used lines whose denial, if there is one, is of the category."""
        if self.category is None:
            return self.used
        column = self.cube.columns[f"{self.decision}_category"]
        return self.used & column.among(names(self.category))

    def _outcome(self, name: str) -> np.ndarray:
        column = self.cube.columns[f"{self.decision}_outcome"]
        return self.wanted & (column.code == column.number(name))

    @cached_property
    def denied(self) -> np.ndarray:
        """Lines denied as a whole (for the category)."""
        return self._outcome("denied")

    @cached_property
    def partly_denied(self) -> np.ndarray:
        """Lines denied in part (for the category)."""
        return self._outcome("partly denied")

    @cached_property
    def amount(self) -> np.ndarray:
        """Dollars denied of each line (for the category), 0 of those that do not count."""
        return np.where(self.wanted, self.cube.amount[self.decision], 0.0)

    def pairing(self, grain: Grain) -> Pairing:
        """The rows of pairs of codes, or of families."""
        return self.cube.pairs[grain]

    def _of(self, within: Within, grain: Grain) -> np.ndarray:
        """Numbers of the pairs within a procedure (family) and a diagnosis (family)."""
        keys = self.pairing(grain).keys
        keep = np.ones(len(keys), dtype=bool)
        for name, value in zip(pair_columns(grain), within, strict=True):
            if value is not None:
                keep &= (keys[name] == value).to_numpy()
        return np.flatnonzero(keep)

    def inside(self, within: Within = (None, None), *, grain: Grain = "family") -> np.ndarray:
        """Lines chosen that belong to a pair, as flags; all of them where no pair is named."""
        if within == (None, None):
            return self.lines
        key = (within, grain)
        if key not in self._inside:
            chosen = np.zeros(len(self.lines), dtype=bool)
            chosen[self.pairing(grain).lines_of(self._of(within, grain))] = True
            self._inside[key] = self.lines & chosen
        return self._inside[key]

    def those(self, flags: np.ndarray, within: Within) -> np.ndarray:
        """Of flagged lines those of a pair of families."""
        return flags if within == (None, None) else flags & self.inside(within)

    def rows_of(self, grain: Grain, min_lines: int) -> Used:
        """Used lines by pair; the root cause does not change them."""
        key = (grain, min_lines, self.choice, self.decision)
        kept = self.cube.kept_rows
        if key not in kept:
            while len(kept) >= KEPT_ROWS:
                kept.pop(next(iter(kept)), None)
            kept[key] = self.pairing(grain).rows_of(self.used, min_lines)
        return kept[key]
