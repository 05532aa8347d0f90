"""What of the page of denials may leave: protected charts, the rows and tiles that a notebook keeps, exports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pandas as pd
import plotly.graph_objects as go

from cpticd import disclosure
from cpticd.core.errors import DisclosureError
from cpticd.core.measure import Cells, records_shown, shape_of
from cpticd.denials.pair_sources import Grain
from cpticd.explore import tiles
from cpticd.explore.denials_page import CODE, DenialsPage
from cpticd.explore.explorer import FIRST

FACTS: Final = ("lines", "persons", "denied_lines", "rate", "low", "high", "expected_rate", "excess_denials",
                "q_value", "denied_amount", "excess_amount", "top_category", "top_carc")  # fmt: skip
#: Columns of notes and of the page, which an export under pseudonyms does not hold: what is written may name persons.
_OWN: Final = ("assigned_to", "note", "row", "age_band")


class Leaving(DenialsPage):
    """The page of denials, and what may leave of it."""

    @property
    def figure(self) -> go.Figure:
        """The matrix as shown, without what would tell of fewer persons than ``cx.set_disclosure`` allows."""
        return self._matrix(self._protected(self._cells(), self._grain))

    # -- what may leave ----------------------------------------------------------------------------

    def _release(self, pairs: pd.DataFrame, grain: Grain) -> disclosure.Release:
        """A release of pairs over the lines that are shown, others alike among them."""
        alike = disclosure.settings().minimum
        facts = self.view.facts(pairs, grain=grain, within=self.drill, alike=alike)
        shape = shape_of("denials.by_pair", grain=grain)
        if not isinstance(shape, Cells):
            raise DisclosureError("pairs: no cells are declared, by which they could be protected")
        return disclosure.Release(facts).cells("pairs", pairs, shape)

    def _protected(self, pairs: pd.DataFrame, grain: Grain) -> pd.DataFrame:
        return self._release(pairs, grain)["pairs"]

    def _kept(self) -> tuple[pd.DataFrame, list[tiles.Tile]]:
        """The first pairs of enough persons and the tiles, protected together: one gives the rest of the other away."""
        key = json.dumps([self.values, self._extra, repr(disclosure.settings())], sort_keys=True, default=str)
        if self._last is None or self._last[0] != key:
            self._last = (key, *self._leaving())
        return self._last[1:]

    def _leaving(self) -> tuple[pd.DataFrame, list[tiles.Tile]]:
        rates, change = tiles.protected_denials(
            self.view, self.drill, release := self._release(_of_enough(self.data).head(FIRST), "code")
        )
        shown = tiles.denials(rates, change, **self._look)
        return release["pairs"], tiles.kept(self._tiles_of_view(), shown)

    @property
    def _look(self) -> dict[str, bool]:
        return {"final": self.values["decision"] == "final", "dollars": self._measure[3] == "charge"}

    def _tiles_of_view(self) -> list[tiles.Tile]:
        return tiles.denials(self.view.rates(self.drill), self.view.change(self.drill), **self._look)

    def shareable(self) -> pd.DataFrame:
        return self._kept()[0][[*CODE, *(name for name in FACTS if name != "persons")]]

    def shareable_tiles(self) -> list[tiles.Tile]:
        found = self._kept()[1]
        return found + (declared.kept if (declared := self._declared.get(self._key)) else [])

    def worklist(self) -> pd.DataFrame:
        """Denied lines as filtered, the most dollars first; of the pair where one is open; or the open denials."""
        if self.values["view"] == "open":
            return self.open_rows()
        return self.view.worklist(self._pair, grain="code") if self._pair else self.view.worklist(self.drill)

    def export(self, path: str | Path, *, overwrite: bool = False, identifiers: bool = False) -> Path:
        """Write the worklist as CSV or Excel; under pseudonyms without notes, which may name persons."""
        rows = self.worklist()
        if self.values["view"] == "open":
            own = [
                name
                for name in _OWN
                if name in rows and not (identifiers and name in ("assigned_to", "note"))
            ]
            rows = records_shown("denials.open", rows.drop(columns=own), disclosure.settings().minimum)
        return self._names.export(rows, path, overwrite=overwrite, identifiers=identifiers)


def _of_enough(pairs: pd.DataFrame) -> pd.DataFrame:
    """Pairs whose counts are large enough to be shown at all."""
    minimum = disclosure.settings().minimum
    denied, rest = pairs["denied_lines"], pairs["lines"] - pairs["denied_lines"]
    enough = pairs["persons"] >= minimum
    for part in (denied, rest):
        enough &= (part == 0) | (part >= minimum)
    return pairs[enough].reset_index(drop=True)
