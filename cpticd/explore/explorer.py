"""What every explorer shares: filters that act on every part, what is selected, its state, and its export."""

from __future__ import annotations

import base64
import copy
import json
import tempfile
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final

import pandas as pd
import plotly.graph_objects as go

from cpticd import disclosure
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError, CpticdError
from cpticd.explore import links
from cpticd.explore.board import Control
from cpticd.explore.drawn import FIRST, SO_FAR, Drawn
from cpticd.explore.preparing import Prepare
from cpticd.explore.tiles import Tile

__all__ = ["FIRST", "SO_FAR", "Explorer"]
#: Steps that can be undone.
_STEPS: Final = 50
#: Columns of which the least stands first.
_SOONEST: Final = ("days_left", "deadline_date")
#: What of ``extra`` is no choice, but how a table is read.
_READING: Final = ("sort", "page")


class Explorer(Drawn):
    """A page of filters, tiles, charts and tables in a notebook. What it shows is read back by the next cell.

    ``selection``: the criteria of ``Claims.where`` that are chosen, and ``claims``, what they select; ``chosen``:
    these and all else that was chosen or clicked; ``data``: the ranked rows as filtered, unrounded; ``figure``: the
    main chart as shown; ``state``: all of it as JSON, which can be set from code and restored; ``link`` and ``code``:
    the same as the end of a page's address, and as a line of code; ``undo()`` and ``reset()``.
    """

    #: Name of the page in links.
    name: ClassVar[str] = "explorer"
    #: Name of the file that the export button hands over.
    file_name: ClassVar[str] = "worklist.csv"
    #: What can be clicked, by its names in ``extra``, that ``choose`` takes as well.
    clicked: ClassVar[tuple[str, ...]] = ()
    #: Controls that are criteria of ``Claims.where``.
    criteria: tuple[str, ...] = ()

    def __init__(
        self,
        claims: Claims,
        controls: Sequence[Control],
        *,
        prepare: Prepare | None = None,
        tiles: Sequence[str] = (),
        call: str = "",
    ) -> None:
        """``prepare``: works out what ``opened`` is given; until then ``controls`` and ``tiles``, by label, wait.

        ``call``: how the page is opened, for its line of code.
        """
        self._claims = claims
        self._selected: tuple[str, Claims] = ("{}", claims)
        self._extra: dict[str, Any] = {}
        self._past: list[dict[str, Any]] = []
        self._asked: Mapping[str, Any] | None = None
        self._call = call or f"{self.name}(claims)"
        self._controls: list[Control] = list(controls)
        self.board.observe(self._happened, "event")
        self._open(controls, prepare, tiles)

    def _begin(self, controls: Sequence[Control]) -> None:
        self._controls = list(controls)
        self.board.controls = [control.spec() for control in controls]
        self.board.values = self._defaults
        self.board.observe(self._changed, "values")
        asked, self._asked = self._asked, None
        if asked is None:
            self.refresh()
        else:
            self._happened({"new": asked})

    @property
    def _defaults(self) -> dict[str, Any]:
        return {control.name: control.value for control in self._controls if control.kind != "button"}

    # -- what a subclass says ----------------------------------------------------------------------

    @property
    @abstractmethod
    def data(self) -> pd.DataFrame:
        """The ranked rows as filtered, unrounded."""

    @property
    @abstractmethod
    def figure(self) -> go.Figure:
        """The main chart as shown."""

    @abstractmethod
    def on_event(self, event: Mapping[str, Any]) -> None:
        """What follows from a click: a subclass changes ``extra`` (drill, sort, page); the page is drawn anew."""

    def check_extra(self, extra: Mapping[str, Any]) -> None:
        """ArgumentError for a drill, sort or page that this explorer does not have."""

    def extra_of(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """``extra`` after what code chose that no control is for; ArgumentError where there is no such choice."""
        if unknown := [name for name in asked if name not in (*self.clicked, "search")]:
            known = [control.name for control in self._controls if control.kind != "button"]
            raise ArgumentError(
                f"choose: no filter {unknown}; there are {', '.join((*known, *self.clicked))}"
            )
        return {name: value for name, value in {**self._extra, **asked}.items() if value is not None}

    def worklist(self) -> pd.DataFrame:
        """What the export writes: ``data`` unless an explorer has a list of its own."""
        return self.data

    def shareable(self) -> pd.DataFrame:
        """The first rows of ``data`` as they may be saved with a notebook; persons and claims are pseudonyms."""
        return disclosure.Release().records("rows", self.data.head(FIRST))["rows"]

    def shareable_tiles(self) -> list[Tile]:
        """The tiles as they may be saved with a notebook."""
        return []

    # -- what a notebook reads and sets ------------------------------------------------------------

    @property
    def values(self) -> dict[str, Any]:
        """What the controls hold, by their names, as JSON."""
        self._ensure()
        return dict(self.board.values)

    @property
    def extra(self) -> dict[str, Any]:
        """What was clicked: drill, sort, page."""
        return self._extra

    def value(self, name: str) -> Any:
        """What a control is set to, as code gives it; None where it restricts nothing."""
        return self._control(name).given(self.values[name])

    @property
    def selection(self) -> dict[str, Any]:
        """The criteria that are chosen: ``claims.where(**page.selection)`` is what the page shows."""
        return {name: self.value(name) for name in self.criteria if self.value(name) is not None}

    @property
    def claims(self) -> Claims:
        """The claims that the page shows, as a selection for any analysis."""
        return self._select(self.selection)

    def _select(self, selection: Mapping[str, Any]) -> Claims:
        """The claims of a selection; those of the last one are kept."""
        key, made = self._selected
        wanted = json.dumps(selection, sort_keys=True)
        if key != wanted:
            made = self._claims.where(**selection) if selection else self._claims
            self._selected = (wanted, made)
        return made

    @property
    def chosen(self) -> dict[str, Any]:
        """What is set otherwise than when the page opened, and what was clicked, by the names of :meth:`choose`."""
        held = self.values
        set_ = {
            control.name: control.given(held[control.name])
            for control in self._controls
            if control.kind != "button" and held[control.name] != control.value
        }
        return set_ | {name: value for name, value in self._extra.items() if name not in _READING}

    @property
    def state(self) -> dict[str, Any]:
        """Everything that is chosen, as JSON; set it to come back to it. ArgumentError for what is no choice."""
        return {"values": self.values, "extra": copy.deepcopy(self._extra)}

    @state.setter
    def state(self, state: Mapping[str, Any]) -> None:
        if not isinstance(state, Mapping) or set(state) - {"values", "extra"}:
            raise ArgumentError(
                f"state: found {state!r}; give what .state returned: {{'values': …, 'extra': …}}"
            )
        values, extra = dict(state.get("values", {})), copy.deepcopy(dict(state.get("extra", {})))
        held = {name: self._control(name).held(value) for name, value in values.items()}
        self.check_extra(extra)
        before = self._standing()
        self._extra = extra
        self._set(self.values | held)
        self._remember(before)
        self.refresh()

    @property
    def link(self) -> str:
        """Where the page stands, as the end of its address under Voila: set it, or open the link, to come back."""
        return links.written(self.name, self._controls, self.values, self._clicks)

    @link.setter
    def link(self, link: str) -> None:
        found = links.read(self.name, self._controls, link)
        if link and found is None:
            raise ArgumentError(f"link: found {link!r}, which is not of this page; give what .link returned")
        found = found or {"values": {}, "extra": {}}
        self.state = {"values": self._defaults | found["values"], "extra": found["extra"]}

    @property
    def code(self) -> str:
        """The line of code that opens the page where it stands, over ``claims``."""
        return links.code(self._call, self.chosen)

    def undo(self) -> None:
        """Go back by one choice or click; nothing happens where there is none."""
        if self._past:
            past = self._past.pop()
            self._extra = past["extra"]
            self._set(past["values"])
            self.refresh()

    def reset(self) -> None:
        """Open all filters and close what was clicked, as when the page opened; it can be undone."""
        self.state = {"values": self._defaults, "extra": {}}

    def choose(self, **values: Any) -> None:
        """Set filters from code, in the words of the analyses; None lifts one.

        ``page.choose(payer="Aspen Medicare", dates=("2024-01", "2024-06"))``. Raises ArgumentError for a filter that
        the page does not have, and for a value that it cannot be set to.
        """
        own = {control.name for control in self._controls if control.kind != "button"}
        extra = self.extra_of({name: value for name, value in values.items() if name not in own})
        extra.pop("page", None)
        self.state = {
            "values": {name: value for name, value in values.items() if name in own},
            "extra": extra,
        }

    def export(self, path: str | Path, *, overwrite: bool = False, identifiers: bool = False) -> Path:
        """Write the worklist as CSV or Excel through disclosure control; persons are pseudonyms unless named."""
        return disclosure.export(self.worklist(), path, overwrite=overwrite, identifiers=identifiers)

    # -- how it works ------------------------------------------------------------------------------

    @property
    def _clicks(self) -> dict[str, Any]:
        return {name: value for name, value in self._extra.items() if name not in _READING}

    def _standing(self) -> dict[str, Any]:
        return {"values": self.values, "extra": copy.deepcopy(self._extra)}

    def _remember(self, before: dict[str, Any]) -> None:
        """Keep the state before a step, where it was one."""
        extra = {name: value for name, value in before["extra"].items() if name not in _READING}
        if (before["values"], extra) != (self.values, self._clicks):
            self._past = [*self._past, before][-_STEPS:]

    def _send(self, parts: list[dict[str, Any]], said: str) -> None:
        """The page, where it stands, and whether a step can be undone, in one message."""
        with self.board.hold_sync():
            if self._job is None and self._failed is None:
                self.board.link, self.board.code = self.link, self.code
                self.board.tools = [
                    {"name": "undo", "label": "Undo", "disabled": not self._past},
                    {"name": "reset", "label": "Reset", "disabled": not self.chosen},
                ]
            super()._send(parts, said)

    def _control(self, name: str) -> Control:
        known = {control.name: control for control in self._controls if control.kind != "button"}
        if name not in known:
            raise ArgumentError(f"state: no filter {[name]}; there are {', '.join(known)}")
        return known[name]

    def _set(self, values: Mapping[str, Any]) -> None:
        """Set filters without drawing."""
        self.board.unobserve(self._changed, "values")
        try:
            self.board.values = dict(values)
        finally:
            self.board.observe(self._changed, "values")

    def _toggle(self, **clicked: Any) -> None:
        """Set filters to what was clicked; clicked again, they are open."""
        held = {name: self._control(name).held(value) for name, value in clicked.items()}
        there = all(self.values[name] == value for name, value in held.items())
        self._set(self.values | (dict.fromkeys(held, "") if there else held))

    def _changed(self, change: Any) -> None:
        """What the browser set."""
        try:
            for name, value in change["new"].items():
                self._control(name).held(value)
        except ArgumentError as error:
            self._set(change["old"])
            self.board.said = f"Not possible: {error}"
            return
        before = {"values": dict(change["old"]), "extra": copy.deepcopy(self._extra)}
        self._extra.pop("page", None)
        self._remember(before)
        self.refresh()

    def _happened(self, change: Any) -> None:
        """What the reader did."""
        event = change["new"]
        kind, name = event.get("kind"), event.get("name")
        if self._job is not None or self._failed is not None:
            self._asked = event if kind == "restore" else None
        elif kind == "button" and name == "export":
            self._hand_over()
        elif kind == "button" and name == "undo":
            self.undo()
        elif kind == "button" and name == "reset":
            self.reset()
        elif kind == "restore":
            self._restore(str(event.get("link", "")))
        else:
            before = self._standing()
            self._act(event)
            self._remember(before)
            self.refresh()

    def _restore(self, link: str) -> None:
        """Go where a link of the browser leads; of another page's, where this one opened."""
        try:
            self.link = link if link.lstrip("#").startswith(f"{self.name}:") else ""
        except CpticdError as error:
            self.refresh()
            self.board.said = f"The link is not followed: {error}"

    def _act(self, event: Mapping[str, Any]) -> None:
        """A click on a table's head, its pages or its search, or on what the explorer knows."""
        kind, part = event.get("kind"), str(event.get("part", ""))
        pages, sorts = dict(self._extra.get("page", {})), dict(self._extra.get("sort", {}))
        if kind == "sort":
            old = sorts.get(part, {})
            again = old.get("column") == event["column"]
            descending = not old["descending"] if again else event["column"] not in _SOONEST
            sorts[part] = {"column": str(event["column"]), "descending": descending}
            pages.pop(part, None)
            self._extra |= {"sort": sorts, "page": pages}
        elif kind == "page":
            self._extra["page"] = {**pages, part: int(event["page"])}
        elif kind == "search":
            self._extra["search"] = str(event["text"])
            pages.pop(part, None)
            self._extra["page"] = pages
        else:
            self.on_event(event)

    def _hand_over(self) -> None:
        """Give the browser the exported file."""
        try:
            with tempfile.TemporaryDirectory() as folder:
                path = self.export(Path(folder) / self.file_name)
                content = base64.b64encode(path.read_bytes()).decode()
        except CpticdError as error:
            self.board.said = f"Not exported: {error}"
            return
        self.board.said = f"{path.name} is handed to the browser."
        count = int(self.board.download.get("n", 0)) + 1
        self.board.download = {"name": path.name, "type": "text/csv", "content": content, "n": count}

    def __repr__(self) -> str:
        if self._job is not None:
            return f"<{type(self).__name__}: {self.title}; still worked out>"
        return f"<{type(self).__name__}: {self.title}; {len(self.data):,} rows in .data, see .selection, .figure>"
