"""What every explorer shares: filters that act on every part, what is selected, its state, and its export."""

from __future__ import annotations

import asyncio
import base64
import copy
import html
import json
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Final, Self

import pandas as pd
import plotly.graph_objects as go

from cpticd import disclosure
from cpticd.charts import table
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError, CpticdError
from cpticd.explore.board import Board, Control

#: Among the parts of a page: those before it are shown while the others are worked out.
SO_FAR: Final[dict[str, Any]] = {"kind": "show"}
#: Rows of the table that stands for the page where there is no kernel.
FIRST: Final = 10
#: Seconds after which what is missing of a page is worked out.
PAUSE: Final = 0.2

Tile = dict[str, str]


class Explorer(ABC):
    """A page of filters, tiles, charts and tables in a notebook. What it shows is read back by the next cell.

    ``selection``: the criteria of ``Claims.where`` that are chosen, and ``claims``, what they select; ``chosen``:
    these and all else that was chosen or clicked; ``data``: the ranked rows as filtered, unrounded; ``figure``: the
    main chart as shown; ``state``: all of it as JSON, which can be set from code and restored.
    """

    #: Heading of the page.
    title: ClassVar[str] = ""
    #: Name of the file that the export button hands over.
    file_name: ClassVar[str] = "worklist.csv"
    #: Controls that are criteria of ``Claims.where``.
    criteria: tuple[str, ...] = ()

    #: The page; what a notebook needs of it stands in the properties below.
    board: Board

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        # Made first: the browser fetches and compiles the page while the claims are worked out.
        made = super().__new__(cls)
        made.board = Board(cls.title)
        return made

    def __init__(self, claims: Claims, controls: list[Control]) -> None:
        self._claims = claims
        self._selected: tuple[str, Claims] = ("{}", claims)
        self._controls = controls
        self._extra: dict[str, Any] = {}
        self._waiting: asyncio.Task[None] | None = None
        self.board.controls = [control.spec() for control in controls]
        self.board.values = {control.name: control.value for control in controls if control.kind != "button"}
        self.refresh()
        self.board.observe(self._changed, "values")
        self.board.observe(self._happened, "event")

    # -- what a subclass says ----------------------------------------------------------------------

    @abstractmethod
    def parts(self) -> Iterable[dict[str, Any]]:
        """What the page shows for ``values`` and ``extra``: parts of ``cpticd.explore.board``, and ``SO_FAR``."""

    def work(self) -> Callable[[], None] | None:
        """What is worked out once the page has left, beside it, in a thread; None where nothing is missing."""
        return None

    def later(self) -> Iterable[dict[str, Any]]:
        """Parts that show what was worked out, and take the place of those of their names."""
        return ()

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

    def check_extra(self, extra: Mapping[str, Any]) -> None:  # noqa: B027 - an explorer may have nothing to check
        """ArgumentError for a drill, sort or page that this explorer does not have."""

    def extra_of(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """``extra`` after what code chose that no control is for; ArgumentError where there is no such choice."""
        if asked:
            known = [control.name for control in self._controls if control.kind != "button"]
            raise ArgumentError(f"choose: no filter {list(asked)}; there are {', '.join(known)}")
        return dict(self._extra)

    def worklist(self) -> pd.DataFrame:
        """What the export writes: ``data`` unless an explorer has a list of its own."""
        return self.data

    def shareable(self) -> pd.DataFrame:
        """The first rows of ``data`` as they may be saved with a notebook; persons and claims are pseudonyms."""
        return disclosure.Release().records("rows", self.data.head(FIRST))["rows"]

    def shareable_tiles(self) -> list[Tile]:
        """The tiles as they may be saved with a notebook."""
        return []

    def said(self) -> str:
        """A sentence that a screen reader speaks after a change."""
        return ""

    # -- what a notebook reads and sets ------------------------------------------------------------

    @property
    def values(self) -> dict[str, Any]:
        """What the controls hold, by their names, as JSON."""
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
        return set_ | {name: value for name, value in self._extra.items() if name not in ("sort", "page")}

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
        self._extra = extra
        self._set(self.values | held)
        self.refresh()

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

    def _control(self, name: str) -> Control:
        known = {control.name: control for control in self._controls if control.kind != "button"}
        if name not in known:
            raise ArgumentError(f"state: no filter {[name]}; there are {', '.join(known)}")
        return known[name]

    def refresh(self) -> None:
        """Draw the page for what is chosen; where it cannot be shown, the reason stands in its place."""
        parts: list[dict[str, Any]] = []
        try:
            for part in self.parts():
                if part is not SO_FAR:
                    parts.append(part)
                elif self.board.turn:
                    done = {each["name"] for each in parts}
                    rest = [each["name"] for each in self.board.parts if each["name"] not in done]
                    self._send([*parts, *({"kind": "kept", "name": name} for name in rest)], self.board.said)
            self._send(parts, self.said())
        except CpticdError as error:
            failed = {"kind": "text", "name": "error", "title": "Nothing to show", "paragraphs": [str(error)]}
            self._send([failed], str(error))
        self._go_on()

    def _go_on(self) -> None:
        """Have what is missing worked out: in a notebook beside the page that has left, else at once."""
        if self._waiting is not None:
            self._waiting.cancel()
        work = self.work()
        if work is None:
            return
        try:
            self._waiting = asyncio.get_running_loop().create_task(self._wait_for(work))
        except RuntimeError:  # no notebook: nobody waits for the page
            work()
            self._finish()

    async def _wait_for(self, work: Callable[[], None]) -> None:
        await asyncio.sleep(PAUSE)  # until a reader stops clicking
        await asyncio.to_thread(work)
        self._finish()

    def _finish(self) -> None:
        found = {part["name"]: part for part in self.later()}
        with self.board.hold_sync():
            self.board.parts = [found.get(part["name"], part) for part in self.board.parts]
            self.board.late += 1

    def _send(self, parts: list[dict[str, Any]], said: str) -> None:
        """One message with all that changed."""
        with self.board.hold_sync():
            self.board.parts = parts
            self.board.said = said
            self.board.turn += 1

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
        self._extra.pop("page", None)
        self.refresh()

    def _happened(self, change: Any) -> None:
        event = change["new"]
        kind, part = event.get("kind"), str(event.get("part", ""))
        if kind == "button" and event.get("name") == "export":
            self._hand_over()
            return
        pages, sorts = dict(self._extra.get("page", {})), dict(self._extra.get("sort", {}))
        if kind == "sort":
            old = sorts.get(part, {})
            descending = not old["descending"] if old.get("column") == event["column"] else True
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
        self.refresh()

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

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = self.board._repr_mimebundle_(**kwargs)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**(data or {}), "text/html": self._fallback(), "text/plain": repr(self)}, metadata

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.title}; {len(self.data):,} rows in .data, see .selection, .figure>"

    def _fallback(self) -> str:
        """The page without a kernel: tiles and the first rows, as plain HTML, through disclosure control."""
        try:
            tiles = "".join(
                f"<li>{html.escape(tile['label'])}: <b>{html.escape(tile['value'])}</b></li>"
                for tile in self.shareable_tiles()
            )
            rows = str(table(self.shareable(), max_rows=FIRST))
        except CpticdError as error:
            tiles, rows = "", f"<p>{html.escape(str(error))}</p>"
        note = "Run this notebook, or open it in Voila, to filter and click."
        return f"<h3>{html.escape(self.title)}</h3><ul>{tiles}</ul>{rows}<p>{note}</p>"
