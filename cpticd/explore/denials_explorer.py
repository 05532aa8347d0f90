"""Denials explored: filters, tiles, matrix, causes, trend, ranked pairs, and lines as an explanation of benefits."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from cpticd import charts
from cpticd.charts import format as fmt
from cpticd.claims import Claims
from cpticd.core.selection import By
from cpticd.explore import compare_view, dead_ends, drivers_view, explained, open_work, story, tiles
from cpticd.explore.board import chart
from cpticd.explore.denials_clicks import Clicks
from cpticd.explore.denials_leaving import FACTS
from cpticd.explore.denials_page import CODE, FAMILY, KEPT, with_tiles
from cpticd.explore.explorer import SO_FAR
from cpticd.explore.pages import behind, page, table

__all__ = ["CODE", "FAMILY", "DenialsExplorer", "denials"]


def denials(claims: Claims, *, by: By = None, notes: str | Path | None = None) -> DenialsExplorer:
    """A page to explore denials: payer, period, place, provider, cause, measure and decision act on every part.

    claims: any claims, or a selection of them (``claims.where(…)``).
    by: dimensions of lines to filter by, beside the period (``claims.dimensions()``); without it payer, place, billing
        provider and the first columns of your own.
    notes: the file of notes on open denials; beside the data set unless given.

    Tiles, a matrix of procedure families × diagnosis chapters that opens to codes, causes, trend with limits, ranked
    pairs, the lines of a pair as an explanation of benefits, and of a line all that happened to it. "Show" has drivers
    and open denials as well; "Compare" holds payers, providers, periods or a kept choice against one another
    (``.comparison``). ``.data`` (ranked pairs), ``.figure`` (the matrix), ``.selection`` and ``.claims`` (the lines
    that are shown, for any analysis) go on in the next cell; ``.state`` and ``.choose(payer=[…], dates=…)`` set it from
    code, ``.undo()`` and ``.reset()`` go back; ``.export(path)`` writes the denied lines, or those that are open.
    Raises ArgumentError for a dimension that is not there, and for those of diagnoses.

    >>> import cpticd as cx
    >>> claims = cx.simulate(persons=100, seed=1).claims
    >>> page = cx.explore.denials(claims)
    >>> page.choose(dates=("2024-01", "2024-06"), decision="initial")
    >>> page.selection
    {'dates': ('2024-01', '2024-06')}
    >>> len(page.claims.table("lines")) < len(claims.table("lines"))
    True
    """
    return DenialsExplorer(claims, by=by, notes=notes)


class DenialsExplorer(Clicks):
    """Denials of claims: made by ``cx.explore.denials(claims)``."""

    # -- what is shown -----------------------------------------------------------------------------

    def _tiles(self) -> dict[str, Any]:
        """Tiles of the view, then those that measures declare: once they are worked out for this selection."""
        declared = self._declared.get(self._key)
        waiting = [tiles.tile(each.heading, tiles.WORKED_OUT) for each in with_tiles()]
        shown = self._tiles_of_view() + (declared.shown if declared else waiting)
        return {"kind": "tiles", "name": "tiles", "tiles": shown}

    @property
    def _key(self) -> str:
        return json.dumps(self.selection, sort_keys=True)

    def work(self) -> Callable[[], None] | None:
        """Declared tiles, and drivers where they are asked for, of the claims that are selected: once for each."""
        below = () if self._dead_end() else (self._open_wanted(), self._drivers_wanted())
        wanted = (*below, self._tiles_wanted())
        jobs = [job for job in wanted if job is not None]

        def worked_out() -> None:
            for job in jobs:
                job()

        return worked_out if jobs else None

    def _open_wanted(self) -> Callable[[], None] | None:
        asked = self.values["view"] == "open" or "service" in self._extra
        return self._work_out_open if asked and self._open_work is None else None

    def _drivers_wanted(self) -> Callable[[], None] | None:
        key, selection = self._drivers_key, self.selection
        if self.values["view"] != "drivers" or key in self._drivers:
            return None
        return partial(self._work_out_drivers, key, selection, self.value("category"), self._min_lines)

    def _tiles_wanted(self) -> Callable[[], None] | None:
        key, selection, measures_ = self._key, self.selection, with_tiles()
        if key in self._declared or not measures_:
            return None

        def worked_out() -> None:
            tiles.keep(self._declared, key, tiles.Declared(measures_, self._select(selection)), KEPT)

        return worked_out

    def later(self) -> Iterator[dict[str, Any]]:
        yield self._tiles()
        if self._dead_end() is not None:
            return
        if self.values["view"] == "drivers":
            yield from drivers_view.parts(self._drivers.get(self._drivers_key))
        elif self.values["view"] == "open":
            yield from self._open_denials()
        yield from self._story()

    def said(self) -> str:
        row, written = self.view.rates(self.drill).iloc[0], self._written
        self._written = ""
        return (
            f"{written}{fmt.count(row['denied'])} of {fmt.count(row['n'])} adjudicated lines denied, "
            f"{fmt.percent(row['rate'])}; "
            f"pairs of at least {self._min_lines} lines: {len(self.data):,}."
        )

    @property
    def _is_decided(self) -> bool:
        return bool(self._cube.decided["initial"].any())

    def _dead_end(self) -> dict[str, Any] | None:
        """What stands below the tiles where there is nothing to show; None where there is."""
        if not self._is_decided:
            return dead_ends.no_decisions(len(self._cube.line_number))
        if not self.view.inside(self.drill).any():
            filters = [each for each in self._controls if each.name in self.criteria]
            return dead_ends.nothing_passes(filters, self.values)
        return None

    def parts(self) -> Iterator[dict[str, Any]]:
        yield self._tiles()
        end = self._dead_end()
        if self._is_decided:
            yield self._where()
        if end is not None:
            yield end
            return
        if self.value("compare"):
            found, why = self._sides()
            named = self._names_of(str(self.value("compare")))
            yield from compare_view.parts(found, why, self.drill, min_lines=self._min_lines, labels=named)
            yield SO_FAR
        if self.values["view"] == "drivers":
            yield from drivers_view.parts(self._drivers.get(self._drivers_key))
        elif self.values["view"] == "open":
            yield from self._open_denials()
            yield from self._story()
        else:
            yield from self._of_pairs()

    def _of_pairs(self) -> Iterator[dict[str, Any]]:
        """The matrix, causes, trend, pairs, lines and the story of one."""
        view, (_, _, bars, unit, _) = self.view, self._measure
        cells = self._cells()
        names = (*(CODE if "hcpcs_code" in cells else FAMILY), *FACTS)
        yield chart("matrix", self._matrix(cells), label="Pairs of procedure and diagnosis", clickable=True,
                    table=behind(cells, names, name="matrix") | {"selectable": True})  # fmt: skip
        yield SO_FAR
        causes, trend = view.causes(self.drill), view.trend(self.drill, unit=unit)  # type: ignore[arg-type]
        drawn = charts.causes(causes, unit=bars)  # type: ignore[arg-type]
        yield chart("causes", drawn, label="Root causes of denials", clickable=True, width="half",
                    table=behind(causes, list(causes.columns), name="causes")
                    | {"selectable": not self._is_of_one_cause})  # fmt: skip
        yield chart("trend", charts.trend(trend), label="Denial rate by month", width="half",
                    table=behind(trend, list(trend.columns), name="trend"))  # fmt: skip
        yield SO_FAR
        yield self._pairs()
        yield from self._lines()
        yield from self._story()

    def _open_denials(self) -> list[dict[str, Any]]:
        """The worklist of the lines that are shown; until it is worked out, that it is."""
        title = "Open denials, the largest expected recovery first"
        if self._open_work is None:
            words = (
                "Working: what is open, until when, by whom it can be mended, and what can be expected back."
            )
            return [{"kind": "text", "name": "work", "title": title, "paragraphs": [words]}]
        rows, key = self.open_rows(), self._service
        selected = "" if key is None else f"{self._names.name('claim', key[0])} line {key[1]}"
        note = f"As of {self._open_work.day}. Choose one for its story. {self._notes.words}"
        part = open_work.listed(rows, self._extra, self._names, selected=selected, note=note,
                                title=f"{title}: {len(rows):,}")  # fmt: skip
        return [part | {"search": str(self._extra.get("search", "")), "searchLabel": open_work.SEARCHED}]

    def _story(self) -> list[dict[str, Any]]:
        """All that happened to the service that was chosen, and ways on."""
        if (key := self._service) is None:
            return []
        claim = self._names.name("claim", key[0])
        found = story.parts(self._claims, key, claim=claim, work=self._open_work)
        listed = self._open_work is not None and not self._open_work.row_of(*key).empty
        buttons = [{"name": "close", "label": "Close the story"}]
        if listed and self.values["view"] != "open":
            buttons.append({"name": "work", "label": "Show it in the worklist"})
        return [*found, {"kind": "bar", "name": "of-story", "text": "", "buttons": buttons}]

    def _where(self) -> dict[str, Any]:
        return drivers_view.where(self.values["view"], self.drill, self._extra.get("driver"))

    def _pairs(self) -> dict[str, Any]:
        data = self.data
        shown = page(data, self._extra, name="pairs")
        at = [tuple(row) == self._pair for row in shown.rows[list(CODE)].to_numpy().tolist()]
        return table(
            "pairs", shown, (*CODE, *FACTS), title=f"Pairs, ranked by {self._measure[0].lower()}", selectable=True,
            selected=at.index(True) if True in at else None,
            note=self._of_data(data),
        ) | {"search": str(self._extra.get("search", "")), "searchLabel": "code, family or cause"}  # fmt: skip

    def _of_data(self, data: Any) -> str:
        """What the pairs are, or why there are none."""
        if data.empty and self._extra.get("search"):
            return f"No pair has “{self._extra['search']}”: empty “Search”."
        if data.empty:
            label = next(each.label for each in self._controls if each.name == "min_lines")
            there = self.view.by_pair(self.drill, min_lines=1)["lines"]
            return dead_ends.too_few(label, self._min_lines, int(there.max()) if len(there) else 0)
        return (
            f"Pairs: {len(data):,}; choose one for its lines. Expected: other lines of the same procedure, payer, "
            "place and quarter."
        )

    def _lines(self) -> list[dict[str, Any]]:
        """A page of the lines of the pair that was chosen, as an explanation of benefits."""
        if not self._pair:
            return []
        number = max(0, int(self._extra.get("page", {}).get("lines", 0)))
        of: dict[str, Any] = {"number": number, "names": self._names, "service": self._extra.get("service")}
        return [explained.page(self._claims, self.view, self._pair, **of)]
