"""Open denials as a page: what can still be won, by whom, until when; with notes that are kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Final

import pandas as pd
import plotly.graph_objects as go

from cpticd import charts, disclosure
from cpticd.charts import format as fmt
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError, CpticdError
from cpticd.core.measure import records_shown
from cpticd.denials.deadlines import Deadlines
from cpticd.denials.open_denials import open_summary
from cpticd.explore import dead_ends, line_filters, open_work, story, tiles
from cpticd.explore.board import Control, chart, chosen
from cpticd.explore.explorer import FIRST, SO_FAR, Explorer
from cpticd.explore.identifiers import Identifiers
from cpticd.explore.notes import Notes
from cpticd.explore.open_work import OpenWork
from cpticd.explore.pages import behind, page
from cpticd.explore.preparing import Tell

#: Columns that filter the list, and the labels of their controls.
FILTERS: Final = {
    "payer": "Payer", "route": "Who can mend it", "action": "What to do", "category": "Root cause",
    "age_band": "Age of the denial",
}  # fmt: skip
WORKED: Final = (("", "all"), ("open", "without a note or person"), ("taken", "with a note or person"))
_TILES: Final = (
    "Open denials",
    "Expected back",
    "Charged",
    "Deadline within 30 days",
    "Nearest deadline",
    "Assigned",
)
_OWN: Final = ["assigned_to", "note"]
#: Of the rows that a saved notebook shows.
_FIRST: Final = ["payer", "hcpcs_code", "category", "route", "age", "days_left", "expected_recovery"]


def worklist(
    claims: Claims,
    *,
    as_of: date | str | None = None,
    deadlines: Deadlines = None,
    duplicates: bool = True,
    notes: str | Path | None = None,
    identifiers: bool = False,
) -> WorklistExplorer:
    """The open denials as a page, the one with the largest expected recovery first; a note and a person on each.

    as_of, deadlines, duplicates: as in ``denials.open``; the day is that of the last decision in the data unless given.
    notes: the file in which notes are kept (CSV with claim numbers); beside the data set, where it was opened from a
        folder or file, unless given. Of claims in memory they last as long as the page.
    identifiers: claims under their own names instead of pseudonyms.

    ``.data`` is the list as filtered, with notes; ``.export(path)`` writes it, under pseudonyms without notes, which
    may name persons. Raises what ``denials.open`` does.

    >>> import cpticd as cx
    >>> page = cx.explore.worklist(cx.simulate(persons=60, seed=1).claims)
    >>> page.choose(age_band="over 120 days")
    >>> bool((page.data["age"] > 120).all())
    True
    """
    of = {"as_of": as_of, "deadlines": deadlines, "duplicates": duplicates}
    return WorklistExplorer(claims, of, notes=notes, identifiers=identifiers)


class WorklistExplorer(Explorer):
    """See :func:`worklist`."""

    name: ClassVar[str] = "worklist"
    title: ClassVar[str] = "What can still be won, by whom, and until when?"
    file_name: ClassVar[str] = "open-denials.csv"
    clicked: ClassVar[tuple[str, ...]] = ("place",)

    _work: OpenWork
    _lines: line_filters.Lines
    #: What is said of a note that was written.
    _written = ""

    def __init__(
        self, claims: Claims, of: Mapping[str, Any], *, notes: str | Path | None, identifiers: bool
    ) -> None:
        self._names = Identifiers(identifiers=identifiers)
        self._of = dict(of)
        self.criteria = ("payer", *line_filters.criteria_of(claims))
        kept = Notes(claims, notes)

        def prepare(tell: Tell) -> tuple[OpenWork, line_filters.Lines]:
            tell("Open denials, their deadlines, prices and chances are worked out")
            work = open_work.worked_out(claims, notes=kept, **of)
            return work, line_filters.lines_of(claims, work.rows)

        given = "".join(f", {key}={of[key]!r}" for key in ("as_of",) if of[key] is not None)
        super().__init__(
            claims, self._controls_of(None, line_filters.waiting(claims)), prepare=prepare, tiles=_TILES,
            call=f"worklist(claims{given})",
        )  # fmt: skip

    def opened(self, found: Any) -> list[Control]:
        self._work, self._lines = found
        # Numbered in the order of the list, whatever is filtered later.
        self._names.column(self._work.rows["claim_id"], "claim")
        return self._controls_of(self._work.rows, self._lines.controls())

    @staticmethod
    def _controls_of(rows: pd.DataFrame | None, of_lines: list[Control]) -> list[Control]:
        def options(column: str) -> tuple[tuple[str, str], ...]:
            counts = {} if rows is None else rows[column].value_counts(sort=True).to_dict()
            return (("", "All"), *((str(name), f"{name} ({n:,})") for name, n in counts.items()))

        return [
            *(Control("several", name, label, "", options(name)) for name, label in FILTERS.items()),
            *of_lines,
            Control("select", "deadline", "Deadline", "", open_work.DEADLINES),
            Control("select", "worked", "Worked on", "", WORKED),
            Control("number", "min_expected", "Expected back, at least $", 0.0, (), 0, None, 50),
            Control("button", "export", "Export the list"),
        ]

    # -- what a notebook reads ---------------------------------------------------------------------

    @property
    def data(self) -> pd.DataFrame:
        """One row per open denial as filtered and searched, as of ``denials.open``; assigned_to and note beside it."""
        rows = self._work.noted()
        kept = open_work.due(rows, self.value("deadline")) & self._lines.kept(rows, self.selection)
        for name in FILTERS:
            if (value := self.value(name)) is not None:
                kept &= rows[name].astype("object").isin(chosen(value))
        if worked := self.value("worked"):
            kept &= ((rows["assigned_to"] != "") | (rows["note"] != "")) == (worked == "taken")
        if least := self.value("min_expected"):
            kept &= (rows["expected_recovery"] >= least).fillna(False)
        found = open_work.searched(rows[kept], str(self._extra.get("search", "")))
        return found.reset_index(drop=True)

    @property
    def figure(self) -> go.Figure:
        """Open denials by age and who can mend them, of all that are open, as they may leave."""
        return charts.open_summary(self._leaving())

    def _leaving(self) -> pd.DataFrame:
        """The summary of all that are open, as it may leave."""
        return disclosure.Release(self._claims).add("open", self._summary())["open"]

    def _summary(self) -> pd.DataFrame:
        return open_summary(self._claims, **self._of)

    def worklist(self) -> pd.DataFrame:
        """``data`` without what the page adds: as it may leave."""
        shown = self.data.drop(columns=[*_OWN, "age_band"])
        return records_shown("denials.open", shown, disclosure.settings().minimum)

    def export(self, path: str | Path, *, overwrite: bool = False, identifiers: bool = False) -> Path:
        """Write ``data`` as CSV or Excel, claims numbered as on the page; notes where ``identifiers`` are named."""
        rows = self.data.drop(columns="age_band") if identifiers else self.worklist()
        return self._names.export(rows, path, overwrite=overwrite, identifiers=identifiers)

    def shareable(self) -> pd.DataFrame:
        """The first rows as they may be saved with a notebook: no claims, no notes."""
        return self._names.frame(self.worklist().head(FIRST))[_FIRST]

    def shareable_tiles(self) -> list[tiles.Tile]:
        """Of all that are open, as far as it may leave; none of a choice, beside which the rest would follow."""
        if len(self.data) < len(self._work.rows):
            return []
        shown = self._leaving()
        known = shown[shown["expected_recovery"].notna()]
        if known.empty:
            return []
        least = "at least " if len(known) < len(shown) else ""
        return [
            tiles.tile("Open denials", least + fmt.count(known["lines"].sum()), f"as of {self._work.day}"),
            tiles.tile("Expected back", least + fmt.dollars(known["expected_recovery"].sum())),
            tiles.tile("Charged", least + fmt.dollars(known["charge_amount"].sum())),
        ]

    def _tiles(self, rows: pd.DataFrame) -> list[tiles.Tile]:
        found = open_work.totals(rows)
        without = f"without {fmt.count(found['unpriced'])} of unknown price" if found["unpriced"] else ""
        worth = f"{fmt.dollars(found['near_expected'])} expected back"
        near = fmt.MISSING if found["next"] is None else f"{fmt.count(found['next'])} days"
        unknown = f"{fmt.count(found['unknown'])} without a known deadline" if found["unknown"] else ""
        return [
            tiles.tile("Open denials", fmt.count(found["services"]), f"as of {self._work.day}"),
            tiles.tile("Expected back", fmt.dollars(found["expected"]), without),
            tiles.tile("Charged", fmt.dollars(found["charge_amount"])),
            tiles.tile("Deadline within 30 days", fmt.count(found["near"]), worth),
            tiles.tile("Nearest deadline", near, unknown),
            tiles.tile("Assigned", fmt.count(found["assigned"]), "by a note of yours"),
        ]  # fmt: skip

    # -- the page ----------------------------------------------------------------------------------

    def parts(self) -> Iterator[dict[str, Any]]:
        rows = self.data
        yield {"kind": "tiles", "name": "tiles", "tiles": self._tiles(rows)}
        if self._work.rows.empty:
            yield dead_ends.said("Nothing is open", self._nothing())
            return
        if rows.empty and not self._extra.get("search"):
            yield dead_ends.nothing_passes(self._controls, self.values, "No open denial")
            return
        selected = self._shown_as()
        part = open_work.listed(
            rows, self._extra, self._names, selected=selected, note=self._note(rows),
            title=f"Open denials, the largest expected recovery first: {len(rows):,}",
        )  # fmt: skip
        yield part | {"search": str(self._extra.get("search", "")), "searchLabel": open_work.SEARCHED}
        yield SO_FAR
        if key := self._key():
            claim = self._names.name("claim", key[0])
            yield from story.parts(self._claims, key, claim=claim, work=self._work)
            buttons = [{"name": "close", "label": "Close the story"}]
            yield {"kind": "bar", "name": "of-story", "text": "", "buttons": buttons}
        yield from self._by_age()

    def _by_age(self) -> Iterator[dict[str, Any]]:
        summary = self._ages
        yield chart("ages", charts.open_summary(summary), label="Open denials by age and who can mend them",
                    table=behind(summary, list(summary.columns)), note="Of all that are open.")  # fmt: skip

    @cached_property
    def _ages(self) -> pd.DataFrame:
        return self._summary()

    def _nothing(self) -> str:
        count = self._claims.query("SELECT count(*) AS n FROM adjudications")["n"].iloc[0]
        if not count:
            return str(dead_ends.no_decisions(0)["paragraphs"][0]).partition(". ")[2]
        return f"Every denial as of {self._work.day} was paid after all, or is too late by a known deadline."

    def _note(self, rows: pd.DataFrame) -> str:
        if rows.empty:
            return f"No open denial has “{self._extra['search']}”: empty “Search”."
        return f"Choose one for its story. {self._work.notes.words}"

    def _key(self) -> tuple[str, int] | None:
        """Claim and line of the denial that is chosen: its place in the list is what links hold."""
        place = self._extra.get("place")
        if place is None:
            return None
        row = self._work.rows.iloc[place]
        return str(row["claim_id"]), int(row["claim_line_number"])

    def _shown_as(self) -> str:
        key = self._key()
        return "" if key is None else f"{self._names.name('claim', key[0])} line {key[1]}"

    def said(self) -> str:
        rows, written = self.data, self._written
        self._written = ""
        expected = fmt.dollars(rows["expected_recovery"].sum())
        return f"{written}{len(rows):,} denials are open; {expected} can be expected back."

    def check_extra(self, extra: Mapping[str, Any]) -> None:
        place = extra.get("place")
        if place is not None and (not isinstance(place, int) or not 0 <= place < len(self._work.rows)):
            raise ArgumentError(
                f"place: found {place!r}; give the place of a denial in the whole list, from 0"
            )

    def on_event(self, event: Mapping[str, Any]) -> None:
        kind, part = event.get("kind"), event.get("part")
        if kind == "row" and part == "work":
            shown = page(self.data, self._extra, name="work").rows
            if 0 <= int(event["row"]) < len(shown):
                row, every = shown.iloc[int(event["row"])], self._work.rows
                same = (every["claim_id"] == row["claim_id"]) & (
                    every["claim_line_number"] == row["claim_line_number"]
                )
                self._extra["place"] = int(same.to_numpy().argmax())
        elif kind == "button" and event.get("name") == "close":
            self._extra.pop("place", None)
        elif kind == "note" and (key := self._key()):
            try:
                self._work.notes.write(*key, who=str(event.get("who", "")), text=str(event.get("text", "")))
                self._written = (
                    f"The note is kept{'' if self._work.notes.path else ' as long as this page'}. "
                )
            except CpticdError as error:
                self._written = f"{error} "
