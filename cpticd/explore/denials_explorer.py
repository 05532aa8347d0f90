"""Denials explored: filters, tiles, matrix, causes, trend, ranked pairs, and lines as an explanation of benefits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil
from typing import Any, ClassVar, Final

import pandas as pd
import plotly.graph_objects as go

from cpticd import charts, disclosure
from cpticd.charts import format as fmt
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError
from cpticd.denials.cube import cube
from cpticd.denials.cube_rows import Level
from cpticd.denials.cube_view import View
from cpticd.denials.explanation import explain
from cpticd.explore.board import Control, chart
from cpticd.explore.denials_words import EXPLAINED, headings, tiles
from cpticd.explore.explorer import FIRST, SO_FAR, Explorer
from cpticd.explore.pieces import behind, page, table
from cpticd.reference import table as reference_table

#: Measures: label, colour of the matrix, length of the causes' bars, unit of the trend, order of the pairs.
MEASURES: Final = {
    "excess": ("Excess over expected", "excess", "denied_amount", "lines", None),
    "rate": ("Rate of lines", "rate", "lines", "lines", "low"),
    "dollars": ("Denied dollars", "denied_amount", "denied_amount", "charge", "denied_amount"),
}
CLOCKS: Final = (("initial", "Initial: first decision"), ("final", "Final: latest decision"))
LEAST: Final = ("11", "30", "100", "300")
#: Providers that can be chosen: those with the most lines.
PROVIDERS: Final = 50
LINES: Final = 6
FAMILY: Final = ("hcpcs_family", "diagnosis_family")
CODE: Final = ("hcpcs_code", "diagnosis_code")
_FACTS: Final = ("lines", "persons", "denied_lines", "rate", "low", "high", "expected_rate", "excess_denials",
                 "q_value", "denied_amount", "excess_amount", "top_category", "top_carc")  # fmt: skip
_ALL: Final = ("", "All")


class DenialsExplorer(Explorer):
    """Denials of ``claims``: made by ``cx.explore.denials(claims)``."""

    title: ClassVar[str] = "Which diagnosis × procedure pairs are denied, by whom, for what?"
    file_name: ClassVar[str] = "denied-lines.csv"

    def __init__(self, claims: Claims) -> None:
        self._claims = claims
        self._cube = cube(claims)
        self._pseudonyms = disclosure.Pseudonyms()
        self._ranked: tuple[View, Any, pd.DataFrame] | None = None
        super().__init__(self._controls_of())

    def _controls_of(self) -> list[Control]:
        places = {row["code"]: row["name"] for row in reference_table("place_of_service").to_pylist()}
        counts = {name: self._cube.counts(name) for name in ("payer", "place", "billing_npi")}
        months = tuple((month, month) for month in self._cube.months)

        def counted(name: str, most: int | None = None) -> tuple[tuple[str, str], ...]:
            words = places if name == "place" else {}
            return (_ALL, *(
                (key, f"{key} {words[key]} ({n:,})" if key in words else f"{key} ({n:,})")
                for key, n in zip(counts[name].index[:most].tolist(), counts[name].tolist(), strict=False)
            ))  # fmt: skip

        causes = tuple((name, name) for name in self._cube.categories)
        measures = tuple((name, spec[0]) for name, spec in MEASURES.items())
        return [
            Control("select", "payer", "Payer", "", counted("payer")),
            Control("select", "first", "From month", "", (("", "First"), *months)),
            Control("select", "last", "To month", "", (("", "Last"), *months)),
            Control("select", "place", "Setting", "", counted("place")),
            Control("select", "billing_npi", "Billing provider", "", counted("billing_npi", PROVIDERS)),
            Control("select", "category", "Root cause", "", (_ALL, *causes)),
            Control("select", "measure", "Measure", "excess", measures),
            Control("select", "clock", "Decision", "initial", CLOCKS),
            Control(
                "select", "min_lines", "Pairs of at least", "30", tuple((n, f"{n} lines") for n in LEAST)
            ),
            Control("button", "export", "Export denied lines"),
        ]

    # -- what is chosen ----------------------------------------------------------------------------

    @property
    def view(self) -> View:
        """The analysis of the lines that pass the filters."""
        names = ("payer", "place", "billing_npi", "first", "last", "category")
        chosen = {name: self.values[name] or None for name in names}
        return self._cube.view(chosen, clock=self.values["clock"])

    @property
    def drill(self) -> tuple[str | None, str | None]:
        """Procedure family and diagnosis chapter that the matrix was opened at; none at first."""
        found = self._extra.get("drill")
        return (found[0], found[1]) if found else (None, None)

    @property
    def _measure(self) -> tuple[str, str, str, str, str | None]:
        return MEASURES[self.values["measure"]]

    @property
    def _kind(self) -> dict[str, bool]:
        return {"final": self.values["clock"] == "final", "dollars": self._measure[3] == "charge"}

    @property
    def data(self) -> pd.DataFrame:
        """Pairs of codes as filtered, searched and ranked by the measure; columns as of ``denials.by_pair``."""
        view = self.view
        asked = (self.drill, self.values["min_lines"], self._measure[4], self._extra.get("search", ""))
        if self._ranked is None or self._ranked[:2] != (view, asked):
            self._ranked = (view, asked, self._rank(view))
        return self._ranked[2].copy()

    def _rank(self, view: View) -> pd.DataFrame:
        found = view.by_pair(self.drill, min_lines=int(self.values["min_lines"]))
        if order := self._measure[4]:
            found = found.sort_values([order, *CODE], ascending=[False, True, True], kind="stable")
        text = str(self._extra.get("search", "")).strip().casefold()
        if text:
            words = found[[*CODE, *FAMILY, "top_category"]].fillna("").agg(" ".join, axis=1).str.casefold()
            found = found[words.str.contains(text, regex=False)]
        return found.reset_index(drop=True)

    @property
    def figure(self) -> go.Figure:
        """The matrix as shown, without what would tell of fewer persons than ``cx.set_disclosure`` allows."""
        level = "code" if self.drill != (None, None) else "family"
        return self._matrix(self._protected(self._cells(), level))

    def _cells(self) -> pd.DataFrame:
        """Pairs that the matrix shows: families, or the codes of the one that it was opened at."""
        level: Level = "family" if self.drill == (None, None) else "code"
        return self.view.by_pair(self.drill, level=level, min_lines=int(self.values["min_lines"]))

    def _matrix(self, cells: pd.DataFrame) -> go.Figure:
        figure = charts.pair_matrix(cells, colour=self._measure[1])  # type: ignore[arg-type]
        figure.update_xaxes(tickangle=None, autotickangles=[-45, -90])  # steeper where it is narrow
        if self.values["clock"] == "final" and figure.layout.title.subtitle.text:
            words = figure.layout.title.subtitle.text
            final = words.replace("Initial denials", "Final denials").replace(
                "denied at first", "denied at last"
            )
            figure.update_layout(title_subtitle_text=final)
        return figure

    def _protected(self, pairs: pd.DataFrame, level: Any) -> pd.DataFrame:
        facts = self.view.facts(pairs, level=level)
        return disclosure.Release(facts).add("pairs", pairs, **disclosure.shapes.pairs(level=level))["pairs"]

    def shareable(self) -> pd.DataFrame:
        shown = self._protected(self.data.head(FIRST), "code")
        return shown[[*CODE, *(name for name in _FACTS if name != "persons")]]

    def worklist(self) -> pd.DataFrame:
        """Denied lines as filtered, the most dollars first; of the pair where one is open."""
        pair = self._extra.get("pair")
        return self.view.worklist(tuple(pair), level="code") if pair else self.view.worklist(self.drill)

    def check_extra(self, extra: Mapping[str, Any]) -> None:
        """ArgumentError for a drill or pair that the claims do not have."""
        known = {"drill": self._cube.family_pairs.keys, "pair": self._cube.code_pairs.keys}
        for name, keys in known.items():
            value = extra.get(name)
            if value is not None and not (
                isinstance(value, list | tuple) and list(value) in keys.iloc[:, :2].to_numpy().tolist()
            ):
                raise ArgumentError(f"state: {name}: found {value!r}; expected a procedure and a diagnosis"
                                    f"{' family' if name == 'drill' else ''} of a line of these claims")  # fmt: skip

    def on_event(self, event: Mapping[str, Any]) -> None:
        part, kind = event.get("part"), event.get("kind")
        if kind == "button" and event.get("name") == "back":
            self._extra = {"search": self._extra.get("search", "")}
        elif part == "matrix":
            self._open(self._cell_of(event))
        elif part == "pairs" and kind == "row":
            self._open_pair(page(self.data, self._extra, name="pairs").rows.iloc[int(event["row"])])
        elif part == "causes" and not self.values["category"]:
            found = self.view.causes(self.drill)["category"].tolist()
            name = event.get("y") if kind == "point" else found[int(event["row"])]
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
        self._extra["drill" if self.drill == (None, None) else "pair"] = cell
        self._extra.pop("page", None)

    def _open_pair(self, row: pd.Series) -> None:
        self._extra["pair"] = row[list(CODE)].tolist()
        self._extra["page"] = {k: v for k, v in self._extra.get("page", {}).items() if k != "lines"}

    # -- what is shown -----------------------------------------------------------------------------

    def said(self) -> str:
        row = self.view.rates(self.drill).iloc[0]
        least = self.values["min_lines"]
        return (
            f"{fmt.count(row['denied'])} of {fmt.count(row['n'])} adjudicated lines denied, "
            f"{fmt.percent(row['rate'])}; "
            f"pairs of at least {least} lines: {len(self.data):,}."
        )

    def parts(self) -> Iterator[dict[str, Any]]:
        view, (_, _, bars, unit, _) = self.view, self._measure
        yield {
            "kind": "tiles",
            "name": "tiles",
            "tiles": tiles(view.rates(self.drill), view.change(self.drill), **self._kind),
        }
        yield self._where()
        cells = self._cells()
        names = (*(CODE if "hcpcs_code" in cells else FAMILY), *_FACTS)
        yield chart("matrix", self._matrix(cells), label="Pairs of procedure and diagnosis", clickable=True,
                    table=behind(cells, names, name="matrix") | {"selectable": True})  # fmt: skip
        yield SO_FAR
        causes, trend = view.causes(self.drill), view.trend(self.drill, measure=unit)  # type: ignore[arg-type]
        pareto = charts.pareto(causes, measure=bars)  # type: ignore[arg-type]
        if self.values["clock"] == "final" and len(causes):
            pareto.update_layout(title_subtitle_text="Final denials; the line adds the causes up")
        yield chart("causes", pareto, label="Root causes of denials", clickable=True, width="half",
                    table=behind(causes, list(causes.columns), name="causes")
                    | {"selectable": not self.values["category"]})  # fmt: skip
        yield chart("trend", charts.trend(trend), label="Denial rate by month", width="half",
                    table=behind(trend, list(trend.columns), name="trend"))  # fmt: skip
        yield SO_FAR
        yield self._pairs()
        yield from self._lines()

    def _where(self) -> dict[str, Any]:
        drilled = self.drill != (None, None)
        text = (
            f"Shown: {self.drill[0]} × {self.drill[1]}"
            if drilled
            else "Click a cell of the matrix to open its codes."
        )
        buttons = [{"name": "back", "label": "Back to all families"}] if drilled else []
        return {"kind": "bar", "name": "where", "text": text, "buttons": buttons}

    def _pairs(self) -> dict[str, Any]:
        data, pair = self.data, self._extra.get("pair")
        shown = page(data, self._extra, name="pairs")
        at = [row == pair for row in shown.rows[list(CODE)].to_numpy().tolist()]
        return table(
            "pairs", shown, (*CODE, *_FACTS), title=f"Pairs, ranked by {self._measure[0].lower()}", selectable=True,
            selected=at.index(True) if True in at else None,
            note=f"Pairs: {len(data):,}; choose one for its lines. Expected: other lines of the same procedure, "
            "payer, place and quarter.",
        ) | {"search": str(self._extra.get("search", "")), "searchLabel": "code, family or cause"}  # fmt: skip

    def _lines(self) -> list[dict[str, Any]]:
        """A page of the lines of the pair that was chosen, as an explanation of benefits."""
        pair = self._extra.get("pair")
        if not pair:
            return []
        number = max(0, int(self._extra.get("page", {}).get("lines", 0)))
        keys, count = self.view.page(tuple(pair), start=number * LINES, count=LINES)
        told = explain(self._claims, keys)
        if disclosure.settings().pseudonyms:
            told = self._pseudonyms.frame(told)
        title = f"Lines of {pair[0]} × {pair[1]}, explained"
        note = f"Lines: {count:,}, denied ones first. Numbers of codes are the payer's, categories ours."
        part = table("lines", told, EXPLAINED, title=title, note=note)
        part["columns"] = headings(part["columns"])
        return [part | {"page": number, "pages": max(1, ceil(count / LINES))}]


def denials(claims: Claims) -> DenialsExplorer:
    """A page to explore denials: payer, period, setting, provider, cause, measure and decision act on every part.

    Tiles, a matrix of procedure families × diagnosis chapters that opens to codes, causes, trend with limits, ranked
    pairs, and the lines of a pair as an explanation of benefits. ``.data`` (ranked pairs), ``.selection``, ``.figure``
    (the matrix) and ``.view`` (the analysis of the filtered lines) go on in the next cell; ``.state`` and
    ``.choose(payer=…)`` set it from code; ``.export(path)`` writes the denied lines.
    """
    return DenialsExplorer(claims)
