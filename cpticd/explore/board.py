"""The page that every explorer is: controls above, tiles, charts and tables below, all drawn by the browser.

One anywidget instead of many widgets: plotly.js is sent once, a change repaints in one message, and after a reload the
page is drawn from the traits, which are always current.
"""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

import anywidget
import plotly.graph_objects as go
import plotly.io as pio
import traitlets
from plotly.offline import get_plotlyjs

from cpticd.charts.theme import THEMES, template_name
from cpticd.core.errors import ArgumentError
from cpticd.core.selection import days

#: plotly.js looks for a module system to announce itself to; here it finds one of its own.
_BEFORE: Final = "const module = {exports: {}}, exports = module.exports, define = undefined;\n"
_AFTER: Final = "\nconst Plotly = module.exports;\n"
_count = itertools.count(1)


@cache
def _script() -> str:
    return _BEFORE + get_plotlyjs() + _AFTER + (files(__package__) / "board.js").read_text("utf-8")


@cache
def _style() -> str:
    return (files(__package__) / "board.css").read_text("utf-8")


@dataclass(frozen=True)
class Control:
    """One control: ``kind`` is select, dates, range, number, text or button.

    ``options`` are (value, label) of a select, and the months of dates; the value ``""`` is of a filter that is open.
    """

    kind: str
    name: str
    label: str
    default: Any = ""
    options: tuple[tuple[str | int, str], ...] = ()
    least: float | None = None
    most: float | None = None
    step: float | None = None

    @property
    def value(self) -> Any:
        """What the page holds when it opens."""
        return self.held(self.default)

    def spec(self) -> dict[str, Any]:
        """What board.js draws."""
        options = [{"value": str(value), "label": label} for value, label in self.options]
        return {"kind": self.kind, "name": self.name, "label": self.label, "options": options,
                "min": self.least, "max": self.most, "step": self.step}  # fmt: skip

    def held(self, value: Any) -> Any:
        """The value as the page holds it, JSON, of one as code gives it; ArgumentError for what cannot be chosen."""
        if self.kind == "select":
            return self._option(value)
        if self.kind == "dates":
            return self._months(value)
        if self.kind == "text":
            if not isinstance(value, str):
                raise ArgumentError(f"{self.name}: found {value!r}; give text")
            return value
        if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
            raise ArgumentError(f"{self.name}: found {value!r}; give a number")
        if not (self._from <= value <= self._to):
            raise ArgumentError(f"{self.name}: found {value!r}; from {self.least} to {self.most}")
        return value

    def given(self, held: Any) -> Any:
        """The value as code gives it, of one as the page holds it; None of a filter that is open."""
        if self.kind == "select":
            return next((value for value, _ in self.options if str(value) == held and value != ""), None)
        if self.kind == "dates":
            first, last = (month or None for month in held)
            return (first, last) if first or last else None
        return held

    @property
    def _from(self) -> float:
        return -math.inf if self.least is None else self.least

    @property
    def _to(self) -> float:
        return math.inf if self.most is None else self.most

    def _option(self, value: Any) -> str:
        known = [str(option) for option, _ in self.options]
        text = "" if value is None else str(value) if isinstance(value, str | int) else None
        if text is None or text not in known:
            raise ArgumentError(f"{self.name}: found {value!r}; there are {', '.join(map(repr, known[:12]))}")
        return text

    def _months(self, value: Any) -> list[str]:
        """First and last month of dates, given as months or as the days that they begin and end with."""
        if value is None or value == "":
            return ["", ""]
        cleared = [day or None for day in value] if isinstance(value, list | tuple) else value
        months = [str(month) for month, _ in self.options]
        found = []
        for place, day in enumerate(days(cleared)):
            month = "" if day is None else f"{day:%Y-%m}"
            bounds = () if day is None else days((month, month))
            if month and (month not in months or day != bounds[place]):
                raise ArgumentError(
                    f"{self.name}: found {value!r}; this page chooses by months, from {months[0]} to {months[-1]}: "
                    "for days open it on claims.where(dates=…)"
                    if months
                    else f"{self.name}: found {value!r}; no line of these claims is dated"
                )
            found.append(month)
        return found


class Board(anywidget.AnyWidget):
    """One page. ``controls``, ``parts``: what it shows; ``values``: what is chosen; ``event``: what the reader did.

    ``turn`` counts how often the parts were worked out: the page is drawn at each, though nothing may have changed;
    ``late``, how often parts came after a page that was drawn.
    """

    _esm = traitlets.Unicode().tag(sync=True)
    _css = traitlets.Unicode().tag(sync=True)
    title = traitlets.Unicode("").tag(sync=True)
    key = traitlets.Unicode("").tag(sync=True)
    controls = traitlets.List(traitlets.Dict()).tag(sync=True)
    values = traitlets.Dict().tag(sync=True)
    parts = traitlets.List(traitlets.Dict()).tag(sync=True)
    turn = traitlets.Int(0).tag(sync=True)
    late = traitlets.Int(0).tag(sync=True)
    said = traitlets.Unicode("").tag(sync=True)
    event = traitlets.Dict().tag(sync=True)
    download = traitlets.Dict().tag(sync=True)
    templates = traitlets.Dict().tag(sync=True)

    def __init__(self, title: str) -> None:
        key = f"cpticd-{next(_count)}"
        # The name by which a saved notebook knows its widget: the same in every run.
        super().__init__(
            model_id=key, _esm=_script(), _css=_style(), title=title, templates=_templates(), key=key
        )


@cache
def _templates() -> dict[str, Any]:
    return {theme: pio.templates[template_name(theme)].to_plotly_json() for theme in THEMES}


def chart(
    name: str,
    figure: go.Figure,
    *,
    label: str,
    table: dict[str, Any] | None = None,
    clickable: bool = False,
    width: str = "wide",
    note: str = "",
) -> dict[str, Any]:
    """A part that shows a figure, with the table behind it."""
    drawn = json.loads(figure.to_json())
    drawn["layout"].pop("template", None)
    return {"kind": "chart", "name": name, "figure": drawn, "label": label, "table": table,
            "clickable": clickable, "width": width, "note": note}  # fmt: skip
