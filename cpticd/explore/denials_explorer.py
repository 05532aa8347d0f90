"""Denials explored: filters, tiles, matrix, causes, trend, ranked pairs, and lines as an explanation of benefits."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, ClassVar, Final

import pandas as pd
import plotly.graph_objects as go

from cpticd import charts, disclosure
from cpticd.charts import format as fmt
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError, DisclosureError
from cpticd.core.measure import Cells, Measure, measures, shape_of
from cpticd.core.selection import By
from cpticd.denials.cube import cube
from cpticd.denials.cube_view import View
from cpticd.denials.pair_sources import Grain
from cpticd.explore import drivers_view, explained, tiles
from cpticd.explore.board import chart
from cpticd.explore.denials_controls import MEASURES, controls
from cpticd.explore.explorer import FIRST, SO_FAR, Explorer
from cpticd.explore.pages import behind, page, table

FAMILY: Final = ("hcpcs_family", "diagnosis_family")
CODE: Final = ("hcpcs_code", "diagnosis_code")
_FACTS: Final = ("lines", "persons", "denied_lines", "rate", "low", "high", "expected_rate", "excess_denials",
                 "q_value", "denied_amount", "excess_amount", "top_category", "top_carc")  # fmt: skip
#: Selections whose declared tiles are kept.
_KEPT: Final = 32


def denials(claims: Claims, *, by: By = ("payer", "place", "billing_npi")) -> DenialsExplorer:
    """A page to explore denials: payer, period, place, provider, cause, measure and decision act on every part.

    claims: any claims, or a selection of them (``claims.where(…)``).
    by: dimensions of lines to filter by, beside the period (``claims.dimensions()``).

    Tiles, a matrix of procedure families × diagnosis chapters that opens to codes, causes, trend with limits, ranked
    pairs, and the lines of a pair as an explanation of benefits. ``.data`` (ranked pairs), ``.figure`` (the matrix),
    ``.selection`` and ``.claims`` (the lines that are shown, for any analysis) go on in the next cell; ``.state`` and
    ``.choose(payer=…, dates=…)`` set it from code; ``.export(path)`` writes the denied lines. Raises ArgumentError for
    a dimension that is not there, and for those of diagnoses.

    >>> import cpticd as cx
    >>> claims = cx.simulate(persons=100, seed=1).claims
    >>> page = cx.explore.denials(claims)
    >>> page.choose(dates=("2024-01", "2024-06"), decision="initial")
    >>> page.selection
    {'dates': ('2024-01', '2024-06')}
    >>> len(page.claims.table("lines")) < len(claims.table("lines"))
    True
    """
    return DenialsExplorer(claims, by=by)


class DenialsExplorer(Explorer):
    """Denials of claims: made by ``cx.explore.denials(claims)``."""

    title: ClassVar[str] = "Which diagnosis × procedure pairs are denied, by whom, for what?"
    file_name: ClassVar[str] = "denied-lines.csv"

    def __init__(self, claims: Claims, *, by: By) -> None:
        dimensions = claims.grouping(by).names
        self._cube = cube(claims, by=dimensions)
        self._pseudonyms = disclosure.Pseudonyms()
        self._ranked: tuple[View, Any, pd.DataFrame] | None = None
        self._declared: dict[str, tiles.Declared] = {}
        self._drivers: dict[str, drivers_view.Drivers] = {}
        self._last: tuple[str, pd.DataFrame, list[tiles.Tile]] | None = None
        self.criteria = (*dimensions, "dates")
        super().__init__(claims, controls(claims, self._cube, dimensions))

    # -- what is chosen ----------------------------------------------------------------------------

    @property
    def view(self) -> View:
        """The analyses of the lines that the filters choose, whatever is opened in the matrix."""
        chosen = {name: self.value(name) for name in (*self.criteria, "decision", "category")}
        return self._cube.view(**chosen)

    @property
    def drill(self) -> tuple[str | None, str | None]:
        """Procedure family and diagnosis chapter that the matrix was opened at; none at first."""
        return self._extra.get(FAMILY[0]), self._extra.get(FAMILY[1])

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
            searched = found[[*CODE, *FAMILY, "top_category"]].fillna("").agg(" ".join, axis=1)
            found = found[searched.str.casefold().str.contains(text, regex=False)]
        return found.reset_index(drop=True)

    @property
    def figure(self) -> go.Figure:
        """The matrix as shown, without what would tell of fewer persons than ``cx.set_disclosure`` allows."""
        return self._matrix(self._protected(self._cells(), self._grain))

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
        self, key: str, selection: Mapping[str, Any], cause: str | None, least: int
    ) -> None:
        found = drivers_view.worked_out(self._select(selection), self.criteria, cause=cause, min_lines=least)
        tiles.keep(self._drivers, key, found, _KEPT)

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

    def shareable(self) -> pd.DataFrame:
        return self._kept()[0][[*CODE, *(name for name in _FACTS if name != "persons")]]

    def shareable_tiles(self) -> list[tiles.Tile]:
        found = self._kept()[1]
        return found + (declared.kept if (declared := self._declared.get(self._key)) else [])

    def worklist(self) -> pd.DataFrame:
        """Denied lines as filtered, the most dollars first; of the pair where one is open."""
        return self.view.worklist(self._pair, grain="code") if self._pair else self.view.worklist(self.drill)

    # -- what is clicked ---------------------------------------------------------------------------

    def check_extra(self, extra: Mapping[str, Any]) -> None:
        """ArgumentError for families or codes that no line of the claims joins."""
        grains: dict[Grain, tuple[str, str]] = {"family": FAMILY, "code": CODE}
        for grain, names in grains.items():
            given = [extra[name] for name in names if name in extra]
            keys = self._cube.pairs[grain].keys[list(names)]
            if given and given not in keys.to_numpy().tolist():
                asked = ", ".join(f"{name}: found {extra.get(name)!r}" for name in names)
                raise ArgumentError(
                    f"{asked}; give a procedure and a diagnosis that a line of these claims joins"
                )

    def extra_of(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Families open the matrix, codes the lines of a pair; None closes them."""
        own = {name: value for name, value in asked.items() if name in (*FAMILY, *CODE, "search", "driver")}
        kept = super().extra_of({name: value for name, value in asked.items() if name not in own})
        if any(name in FAMILY for name in own):
            kept = {name: value for name, value in kept.items() if name not in CODE}
        return {name: value for name, value in (kept | own).items() if value is not None}

    def on_event(self, event: Mapping[str, Any]) -> None:
        part, kind = event.get("part"), event.get("kind")
        if kind == "button" and event.get("name") == "back":
            self._extra = {"search": ""} | {
                k: self._extra[k] for k in ("search", "driver") if k in self._extra
            }
        elif kind == "button" and event.get("name") == "drivers":
            self._set(self.values | self._extra.get("driver", {}).get("values", {}) | {"view": "drivers"})
            self._extra = {}
        elif part in ("drivers", "rates"):
            self._open_driver(event)
        elif part == "matrix":
            self._open(self._cell_of(event))
        elif part == "pairs" and kind == "row":
            shown = page(self.data, self._extra, name="pairs").rows
            if 0 <= int(event["row"]) < len(shown):
                self._open_pair(shown.iloc[int(event["row"])])
        elif part == "causes" and not self.values["category"]:
            self._choose_cause(event)

    def _open_driver(self, event: Mapping[str, Any]) -> None:
        """The pairs of the driver that was clicked: its dimensions become filters, its codes the search or a pair."""
        found = self._drivers.get(self._drivers_key)
        chosen = None if found is None else drivers_view.clicked(found, event)
        if chosen is None:
            return
        known = {each.name: {str(value) for value, _ in each.options} for each in self._controls}
        set_ = {name: value for name, value in chosen.items() if value in known.get(name, ())}
        before = {name: self.values[name] for name in set_}
        self._set(self.values | set_ | {"view": "pairs"})
        self._extra = {
            "driver": {"name": chosen["name"], "values": before},
            "search": chosen.get("hcpcs_code", ""),
        }
        pair = [chosen.get(name, "") for name in CODE]
        if pair in self._cube.pairs["code"].keys[list(CODE)].to_numpy().tolist():
            self._extra |= dict(zip(CODE, pair, strict=True))

    def _choose_cause(self, event: Mapping[str, Any]) -> None:
        """The root cause of a bar that was clicked, or of a row of its table."""
        name = event.get("y")
        if event["kind"] == "row":
            name = self.view.causes(self.drill)["category"].iloc[int(event["row"])]
        if name in self._cube.categories:
            self._set(self.values | {"category": name})

    def _cell_of(self, event: Mapping[str, Any]) -> list[str]:
        """Procedure and diagnosis (families) of a cell that was clicked, or of a row of its table."""
        if event["kind"] == "row":
            cells = self._cells()
            return cells[list(CODE if "hcpcs_code" in cells else FAMILY)].iloc[int(event["row"])].tolist()
        return [str(name) for name in (event.get("custom") or ["", ""])[:2]]

    def _open(self, cell: list[str]) -> None:
        if not all(cell):
            return  # a cell without enough lines
        names = FAMILY if self.drill == (None, None) else CODE
        self._extra |= dict(zip(names, cell, strict=True))
        self._extra.pop("page", None)

    def _open_pair(self, row: pd.Series) -> None:
        self._extra |= {name: str(row[name]) for name in CODE}
        self._extra["page"] = {k: v for k, v in self._extra.get("page", {}).items() if k != "lines"}

    # -- what is shown -----------------------------------------------------------------------------

    @property
    def _look(self) -> dict[str, bool]:
        return {"final": self.values["decision"] == "final", "dollars": self._measure[3] == "charge"}

    def _tiles_of_view(self) -> list[tiles.Tile]:
        return tiles.denials(self.view.rates(self.drill), self.view.change(self.drill), **self._look)

    def _tiles(self) -> dict[str, Any]:
        """Tiles of the view, then those that measures declare: once they are worked out for this selection."""
        declared = self._declared.get(self._key)
        waiting = [tiles.tile(each.heading, tiles.WORKED_OUT) for each in _with_tiles()]
        shown = self._tiles_of_view() + (declared.shown if declared else waiting)
        return {"kind": "tiles", "name": "tiles", "tiles": shown}

    @property
    def _key(self) -> str:
        return json.dumps(self.selection, sort_keys=True)

    def work(self) -> Callable[[], None] | None:
        """Declared tiles, and drivers where they are asked for, of the claims that are selected: once for each."""
        jobs = [job for job in (self._drivers_wanted(), self._tiles_wanted()) if job is not None]

        def worked_out() -> None:
            for job in jobs:
                job()

        return worked_out if jobs else None

    def _drivers_wanted(self) -> Callable[[], None] | None:
        key, selection = self._drivers_key, self.selection
        if self.values["view"] != "drivers" or key in self._drivers:
            return None
        return partial(self._work_out_drivers, key, selection, self.value("category"), self._min_lines)

    def _tiles_wanted(self) -> Callable[[], None] | None:
        key, selection, measures_ = self._key, self.selection, _with_tiles()
        if key in self._declared or not measures_:
            return None

        def worked_out() -> None:
            tiles.keep(self._declared, key, tiles.Declared(measures_, self._select(selection)), _KEPT)

        return worked_out

    def later(self) -> Iterator[dict[str, Any]]:
        yield self._tiles()
        if self.values["view"] == "drivers":
            yield from drivers_view.parts(self._drivers.get(self._drivers_key))

    def said(self) -> str:
        row = self.view.rates(self.drill).iloc[0]
        return (
            f"{fmt.count(row['denied'])} of {fmt.count(row['n'])} adjudicated lines denied, "
            f"{fmt.percent(row['rate'])}; "
            f"pairs of at least {self._min_lines} lines: {len(self.data):,}."
        )

    def parts(self) -> Iterator[dict[str, Any]]:
        view, (_, _, bars, unit, _) = self.view, self._measure
        yield self._tiles()
        yield self._where()
        if self.values["view"] == "drivers":
            yield from drivers_view.parts(self._drivers.get(self._drivers_key))
            return
        cells = self._cells()
        names = (*(CODE if "hcpcs_code" in cells else FAMILY), *_FACTS)
        yield chart("matrix", self._matrix(cells), label="Pairs of procedure and diagnosis", clickable=True,
                    table=behind(cells, names, name="matrix") | {"selectable": True})  # fmt: skip
        yield SO_FAR
        causes, trend = view.causes(self.drill), view.trend(self.drill, unit=unit)  # type: ignore[arg-type]
        drawn = charts.causes(causes, unit=bars)  # type: ignore[arg-type]
        yield chart("causes", drawn, label="Root causes of denials", clickable=True, width="half",
                    table=behind(causes, list(causes.columns), name="causes")
                    | {"selectable": not self.values["category"]})  # fmt: skip
        yield chart("trend", charts.trend(trend), label="Denial rate by month", width="half",
                    table=behind(trend, list(trend.columns), name="trend"))  # fmt: skip
        yield SO_FAR
        yield self._pairs()
        yield from self._lines()

    def _where(self) -> dict[str, Any]:
        return drivers_view.where(self.values["view"], self.drill, self._extra.get("driver"))

    def _pairs(self) -> dict[str, Any]:
        data = self.data
        shown = page(data, self._extra, name="pairs")
        at = [tuple(row) == self._pair for row in shown.rows[list(CODE)].to_numpy().tolist()]
        return table(
            "pairs", shown, (*CODE, *_FACTS), title=f"Pairs, ranked by {self._measure[0].lower()}", selectable=True,
            selected=at.index(True) if True in at else None,
            note=f"Pairs: {len(data):,}; choose one for its lines. Expected: other lines of the same procedure, "
            "payer, place and quarter.",
        ) | {"search": str(self._extra.get("search", "")), "searchLabel": "code, family or cause"}  # fmt: skip

    def _lines(self) -> list[dict[str, Any]]:
        """A page of the lines of the pair that was chosen, as an explanation of benefits."""
        if not self._pair:
            return []
        number = max(0, int(self._extra.get("page", {}).get("lines", 0)))
        return [explained.page(self._claims, self.view, self._pair, number, self._pseudonyms)]


def _with_tiles() -> list[Measure]:
    return [each for each in measures("denials") if each.tile is not None]


def _of_enough(pairs: pd.DataFrame) -> pd.DataFrame:
    """Pairs whose counts are large enough to be shown at all."""
    minimum = disclosure.settings().minimum
    denied, rest = pairs["denied_lines"], pairs["lines"] - pairs["denied_lines"]
    enough = pairs["persons"] >= minimum
    for part in (denied, rest):
        enough &= (part == 0) | (part >= minimum)
    return pairs[enough].reset_index(drop=True)
