"""What every explorer shares: filters that act on every part, what is selected, its state, and its export."""

from __future__ import annotations

import base64
import html
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd
import plotly.graph_objects as go

from cpticd.errors import ArgumentError
from cpticd.explore.board import Board, Control


class Explorer(ABC):
    """A page of filters, tiles, charts and tables in a notebook. What it shows is read back by the next cell.

    ``selection``: the filters and what was clicked; ``data``: the ranked rows as filtered, unrounded; ``figure``: the
    main chart as shown; ``state``: all of it as JSON, which can be set from code and restored.
    """

    #: Heading of the page.
    title: ClassVar[str] = ""

    def __init__(self, controls: list[Control]) -> None:
        self._controls = controls
        self._extra: dict[str, Any] = {}
        self.board = Board(self.title)
        self.board.controls = [control.spec() for control in controls]
        self.board.values = {control.name: control.value for control in controls if control.name}
        self.refresh()
        self.board.observe(self._chosen, "values")
        self.board.observe(self._happened, "event")

    # -- what a subclass says ----------------------------------------------------------------------

    @abstractmethod
    def parts(self) -> list[dict[str, Any]]:
        """What the page shows for ``values`` and ``extra``: parts of ``cpticd.explore.board``."""

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

    def said(self) -> str:
        """A sentence that a screen reader speaks after a change."""
        return ""

    # -- what a notebook reads and sets ------------------------------------------------------------

    @property
    def values(self) -> dict[str, Any]:
        """What is chosen, by the control's name."""
        return dict(self.board.values)

    @property
    def extra(self) -> dict[str, Any]:
        """What was clicked: drill, sort, page."""
        return self._extra

    @property
    def selection(self) -> dict[str, Any]:
        """Filters that restrict, and what was clicked."""
        defaults = {control.name: control.default for control in self._controls}
        chosen = {name: value for name, value in self.values.items() if value != defaults.get(name)}
        return chosen | {name: value for name, value in self._extra.items() if name not in ("sort", "page")}

    @property
    def state(self) -> dict[str, Any]:
        """Everything that is chosen, as JSON; set it to come back to it. ArgumentError for what is no choice."""
        return {"values": self.values, "extra": dict(self._extra)}

    @state.setter
    def state(self, state: Mapping[str, Any]) -> None:
        values = dict(state.get("values", {}))
        known = {control.name: control for control in self._controls if control.name}
        if strange := [name for name in values if name not in known]:
            raise ArgumentError(f"state: no filter {strange}; there are {', '.join(known)}")
        for name, value in values.items():
            known[name].check(value)
        with self.board.hold_trait_notifications():
            self._extra = dict(state.get("extra", {}))
            self.board.values = self.values | values
        self.refresh()

    def choose(self, **values: Any) -> None:
        """Set filters from code: ``explorer.choose(payer="Aspen Medicare")``."""
        self.state = {"values": values, "extra": self._extra}

    def export(self, path: str | Path, *, overwrite: bool = False, identifiers: bool = False) -> Path:
        """Write ``data`` as CSV or Excel through disclosure control; persons are pseudonyms unless ``identifiers``."""
        from cpticd import disclosure

        return disclosure.export(self.data, path, overwrite=overwrite, identifiers=identifiers)

    # -- how it works ------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Draw the page for what is chosen."""
        parts = self.parts()
        with self.board.hold_sync():
            self.board.said = self.said()
            self.board.parts = parts

    def _chosen(self, _: Any) -> None:
        self._extra.pop("page", None)
        self.refresh()

    def _happened(self, change: Any) -> None:
        event = change["new"]
        if event.get("kind") == "button" and event.get("name") == "export":
            self._hand_over()
            return
        if event.get("kind") == "sort":
            old = self._extra.get("sort", {})
            descending = not old.get("descending", False) if old.get("column") == event["column"] else True
            self._extra["sort"] = {"column": event["column"], "descending": descending}
            self._extra.pop("page", None)
        elif event.get("kind") == "page":
            self._extra["page"] = int(event["page"])
        else:
            self.on_event(event)
        self.refresh()

    def _hand_over(self) -> None:
        """Give the browser the exported file."""
        with tempfile.TemporaryDirectory() as folder:
            path = self.export(Path(folder) / "worklist.csv")
            content = base64.b64encode(path.read_bytes()).decode()
        count = int(self.board.download.get("n", 0)) + 1
        self.board.download = {"name": path.name, "type": "text/csv", "content": content, "n": count}

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = self.board._repr_mimebundle_(**kwargs)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**(data or {}), "text/html": self._fallback(), "text/plain": repr(self)}, metadata

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.title}; {len(self.data):,} rows in .data, see .selection, .figure>"

    def _fallback(self) -> str:
        """The page without a kernel: tiles and the first rows, as plain HTML."""
        from cpticd.charts import table

        tiles = [tile for part in self.board.parts if part["kind"] == "tiles" for tile in part["tiles"]]
        figures = "".join(
            f"<li>{html.escape(t['label'])}: <b>{html.escape(t['value'])}</b></li>" for t in tiles
        )
        note = "Run this notebook, or open it in Voila, to filter and click."
        return f"<h3>{html.escape(self.title)}</h3><ul>{figures}</ul>{table(self.data.head(10))}<p>{note}</p>"
