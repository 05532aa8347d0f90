"""The page of denials: what is chosen, and the analyses of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final

import pandas as pd
import plotly.graph_objects as go

from cpticd import charts
from cpticd.claims import Claims
from cpticd.codes import dotted
from cpticd.core.measure import Measure, measures
from cpticd.core.partial import check_whole
from cpticd.core.selection import By
from cpticd.denials import cube_rows
from cpticd.denials.cube import Cube, cube
from cpticd.denials.cube_compare import Side, compared
from cpticd.denials.cube_view import View
from cpticd.denials.pair_sources import Grain
from cpticd.explore import compare_view, drivers_view, names, open_work, tiles
from cpticd.explore.board import Control, chosen
from cpticd.explore.denials_controls import MEASURES, controls
from cpticd.explore.explorer import Explorer
from cpticd.explore.identifiers import Identifiers
from cpticd.explore.line_filters import own_columns
from cpticd.explore.notes import Notes
from cpticd.explore.open_work import OpenWork
from cpticd.explore.preparing import Tell

FAMILY: Final = ("hcpcs_family", "diagnosis_family")
CODE: Final = ("hcpcs_code", "diagnosis_code")
#: Dimensions of a page for which none are asked; columns of a user's own join them.
BY: Final = ("payer", "place", "billing_npi")
#: Selections whose declared tiles and drivers are kept.
KEPT: Final = 32
_FIRST_TILES: Final = (
    "Adjudicated lines",
    "Denied lines",
    "Denial rate",
    "Denied dollars",
    "Change of the rate",
)


class DenialsPage(Explorer):
    """What is chosen on the page of denials, and what the analyses say of it."""

    name: ClassVar[str] = "denials"
    title: ClassVar[str] = "Which diagnosis × procedure pairs are denied, by whom, for what?"
    file_name: ClassVar[str] = "denied-lines.csv"
    clicked: ClassVar[tuple[str, ...]] = (*FAMILY, *CODE, "service", "driver", "kept")

    _cube: Cube
    #: What is said of a note that was written.
    _written = ""

    def __init__(self, claims: Claims, *, by: By, notes: str | Path | None) -> None:
        check_whole("explore.denials", claims)
        given = _by_of(claims) if by is None else by
        self._dimensions = claims.grouping(given).names
        self._names = Identifiers(identifiers=False)
        self._notes = Notes(claims, notes)
        self._ranked: tuple[View, Any, pd.DataFrame] | None = None
        self._declared: dict[str, tiles.Declared] = {}
        self._drivers: dict[str, drivers_view.Drivers] = {}
        self._open_work: OpenWork | None = None
        self._last: tuple[str, pd.DataFrame, list[tiles.Tile]] | None = None
        self.criteria = (*self._dimensions, "dates")
        call = "denials(claims)" if by is None else f"denials(claims, by={self._dimensions!r})"

        def prepare(tell: Tell) -> Cube:
            tell("Lines, pairs and decisions are read")
            return cube(claims, by=self._dimensions)

        super().__init__(
            claims, controls(claims, None, self._dimensions), prepare=prepare, call=call,
            tiles=[*_FIRST_TILES, *(each.heading for each in with_tiles())],
        )  # fmt: skip

    def opened(self, found: Any) -> list[Control]:
        self._cube = found
        return controls(self._claims, found, self._dimensions)

    # -- what is chosen ----------------------------------------------------------------------------

    @property
    def view(self) -> View:
        """The analyses of the lines that the filters choose, whatever is opened in the matrix."""
        return self._cube.view(**self._asked_for)

    @property
    def _asked_for(self) -> dict[str, Any]:
        return {name: self.value(name) for name in (*self.criteria, "decision", "category")}

    @property
    def _is_of_one_cause(self) -> bool:
        """Whether one root cause is chosen, of which the reasons are shown then."""
        return isinstance(self.value("category"), str)

    @property
    def drill(self) -> tuple[str | None, str | None]:
        """Procedure family and diagnosis chapter that the matrix was opened at; none at first."""
        return self._extra.get(FAMILY[0]), self._extra.get(FAMILY[1])

    @property
    def _service(self) -> tuple[str, int] | None:
        """Claim and line of the service whose story is open."""
        row = self._extra.get("service")
        return None if row is None else (self._cube.claim_id[row].as_py(), int(self._cube.line_number[row]))

    @property
    def _pair(self) -> tuple[str, str] | None:
        return (self._extra[CODE[0]], self._extra[CODE[1]]) if CODE[0] in self._extra else None

    @property
    def selection(self) -> dict[str, Any]:
        """The criteria that are chosen, those of the cell that was opened among them."""
        return super().selection | {name: self._extra[name] for name in FAMILY if name in self._extra}

    @property
    def _measure(self) -> tuple[str, str, str, str, str | None]:
        return MEASURES[self.values["measure"]]

    @property
    def _min_lines(self) -> int:
        return int(self.value("min_lines"))

    @property
    def data(self) -> pd.DataFrame:
        """Pairs of codes as filtered, searched and ranked by the measure; columns as of ``denials.by_pair``."""
        view = self.view
        asked = (self.drill, self._min_lines, self._measure[4], self._extra.get("search", ""))
        if self._ranked is None or self._ranked[:2] != (view, asked):
            self._ranked = (view, asked, self._rank(view))
        return self._ranked[2].copy()

    def _rank(self, view: View) -> pd.DataFrame:
        found = view.by_pair(self.drill, min_lines=self._min_lines)
        if order := self._measure[4]:
            found = found.sort_values([order, *CODE], ascending=[False, True, True], kind="stable")
        text = str(self._extra.get("search", "")).strip().casefold()
        if text:
            told = found[[*CODE, *FAMILY, "top_category"]].fillna("")
            searched = told.assign(written=dotted(told["diagnosis_code"])).agg(" ".join, axis=1)
            found = found[searched.str.casefold().str.contains(text, regex=False)]
        return found.reset_index(drop=True)

    @property
    def _grain(self) -> Grain:
        return "family" if self.drill == (None, None) else "code"

    def _cells(self) -> pd.DataFrame:
        """Pairs that the matrix shows: families, or the codes of the one that it was opened at."""
        return self.view.by_pair(self.drill, grain=self._grain, min_lines=self._min_lines)

    def _matrix(self, cells: pd.DataFrame) -> go.Figure:
        figure = charts.pair_matrix(cells, color=self._measure[1])  # type: ignore[arg-type]
        return figure.update_xaxes(tickangle=None, autotickangles=[-45, -90])  # steeper where it is narrow

    @property
    def drivers(self) -> pd.DataFrame:
        """Where denials of the lines that are chosen come from; columns as of ``denials.drivers``."""
        if self._drivers_key not in self._drivers:
            self._work_out_drivers(self._drivers_key, self.selection, self.value("category"), self._min_lines)
        return self._drivers[self._drivers_key].drivers.copy()

    @property
    def _drivers_key(self) -> str:
        return json.dumps([self._key, self.values["category"], self._min_lines])

    def _work_out_drivers(
        self, key: str, selection: Mapping[str, Any], cause: str | Sequence[str] | None, least: int
    ) -> None:
        found = drivers_view.worked_out(self._select(selection), self.criteria, cause=cause, min_lines=least)
        tiles.keep(self._drivers, key, found, KEPT)

    # -- side by side ------------------------------------------------------------------------------

    def _sides(self) -> tuple[list[Side], str]:
        """What "Compare" holds against one another; none, and why, where there is nothing."""
        return compare_view.sides(
            self._cube, str(self.value("compare")), self._asked_for, self._extra.get("kept")
        )

    @property
    def comparison(self) -> pd.DataFrame:
        """One row per side of "Compare": rate, dollars, differences from the first with intervals (95 %).

        side, n, denied, rate, low, high, denied_amount, dollar_rate; difference and its ends, of all lines;
        alike_difference and its ends, of lines alike in procedure, payer and place. No row where nothing is compared.
        """
        found, _ = self._sides() if self.value("compare") else ([], "")
        if not found:
            return pd.DataFrame()
        return compared(self._named(found), self.drill, min_lines=self._min_lines).sides

    def _named(self, found: list[Side]) -> list[Side]:
        """Sides with the names of providers beside their NPIs."""
        known = self._names_of(str(self.value("compare")))
        return [(known.get(name, name), view) for name, view in found]

    def _names_of(self, dimension: str) -> dict[str, str]:
        return {npi: f"{npi} {name}" for npi, name in names.of_npis(self._claims, dimension).items()}

    # -- open denials ------------------------------------------------------------------------------

    def _work_out_open(self) -> None:
        """The open denials of all claims, each with its row in the cube."""
        found = open_work.worked_out(self._claims, notes=self._notes)
        rows = cube_rows.rows_of(self._cube, found.rows["claim_id"], found.rows["claim_line_number"])
        found.rows["row"] = rows
        self._open_work = found

    def open_rows(self) -> pd.DataFrame:
        """Open denials among the lines that are shown, with the notes on them."""
        if self._open_work is None:
            self._work_out_open()
        work = self._open_work
        assert work is not None
        every = work.noted()
        inside = self.view.inside(self.drill)
        found = every[(every["row"] >= 0) & inside[every["row"].clip(lower=0)]]
        if causes := chosen(self.value("category")):
            found = found[found["category"].isin(causes)]
        return open_work.searched(found, str(self._extra.get("search", "")))


def _by_of(claims: Claims) -> list[str]:
    """The usual dimensions, and the first of a user's own that are no names of providers."""
    return [*BY, *own_columns(claims)]


def with_tiles() -> list[Measure]:
    """Measures of denials that declare a tile."""
    return [each for each in measures("denials") if each.tile is not None]
