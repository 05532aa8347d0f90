"""The page that every explorer is: controls above, tiles, charts and tables below, all drawn by the browser.

One anywidget instead of many widgets: plotly.js is sent once, a change repaints in one message, and after a reload the
page is drawn from the traits, which are always current.
"""

from __future__ import annotations

import itertools
import json
import math
from calendar import monthrange
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, Final

import anywidget
import plotly.graph_objects as go
import plotly.io as pio
import traitlets
from plotly.offline import get_plotlyjs

from cpticd.charts.theme import THEMES, template_name
from cpticd.core.errors import ArgumentError
from cpticd.core.selection import days, names

#: plotly.js looks for a module system to announce itself to; here it finds one of its own.
_BEFORE: Final = "const module = {exports: {}}, exports = module.exports, define = undefined;\n"
_AFTER: Final = "\nconst Plotly = module.exports;\n"
_count = itertools.count(1)
#: Options that an error names.
_NAMED: Final = 12


@cache
def _script() -> str:
    return _BEFORE + get_plotlyjs() + _AFTER + (files(__package__) / "board.js").read_text("utf-8")


@cache
def _style() -> str:
    return (files(__package__) / "board.css").read_text("utf-8")


def chosen(value: str | Collection[str] | None) -> list[str]:
    """The values of a control of several, as a list: none, one, or all that are chosen."""
    return list(names(value))


@dataclass(frozen=True)
class Control:
    """One control: ``kind`` is select, several, dates, range, number, text or button.

    ``options`` are (value, label) of a select and of several, and the first and last day of dates; the value ``""`` is
    of a filter that is open. ``waiting``: it cannot be set yet.
    """

    kind: str
    name: str
    label: str
    default: Any = ""
    options: tuple[tuple[str | int, str], ...] = ()
    least: float | None = None
    most: float | None = None
    step: float | None = None
    waiting: bool = False

    @property
    def value(self) -> Any:
        """What the page holds when it opens."""
        return self.held(self.default)

    def spec(self) -> dict[str, Any]:
        """What board.js draws."""
        options = [{"value": str(value), "label": label} for value, label in self.options]
        return {"kind": self.kind, "name": self.name, "label": self.label, "options": options,
                "min": self.least, "max": self.most, "step": self.step, "waiting": self.waiting}  # fmt: skip

    def held(self, value: Any) -> Any:
        """The value as the page holds it, JSON, of one as code gives it; ArgumentError for what cannot be chosen."""
        if self.kind == "select":
            return self._option(value)
        if self.kind == "several":
            return self._several(value)
        if self.kind == "dates":
            return self._days(value)
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
        if self.kind == "several":
            return (list(held) if isinstance(held, list) else held) or None
        if self.kind == "dates":
            first, last = (day or None for day in held)
            return (first, last) if first or last else None
        return held

    @property
    def _from(self) -> float:
        return -math.inf if self.least is None else self.least

    @property
    def _to(self) -> float:
        return math.inf if self.most is None else self.most

    @cached_property
    def _known(self) -> dict[str, None]:
        return dict.fromkeys(str(option) for option, _ in self.options)

    def _option(self, value: Any) -> str:
        text = "" if value is None else str(value) if isinstance(value, str | int) else None
        if text is None or text not in self._known:
            known = list(self._known)
            more = f" and {len(known) - _NAMED:,} more" if len(known) > _NAMED else ""
            raise ArgumentError(
                f"{self.name}: found {value!r}; there are {', '.join(map(repr, known[:_NAMED]))}{more}"
            )
        return text

    def _several(self, value: Any) -> str | list[str]:
        """Nothing, one value, or several in the order of the options."""
        if value is None or isinstance(value, str | int):
            return "" if value is None else self._option(value)
        if not isinstance(value, list | tuple | set | frozenset):
            raise ArgumentError(f"{self.name}: found {value!r}; give one value, or a list of several")
        wanted = {self._option(each) for each in value} - {""}
        found = [each for each in self._known if each in wanted]
        return found if len(found) > 1 else "".join(found)

    def _days(self, value: Any) -> list[str]:
        """First and last day; a month stands for the days that it begins and ends with."""
        if value is None or value == "":
            return ["", ""]
        first, last = days([day or None for day in value] if isinstance(value, list | tuple) else value)
        if (first or last) and not self.options:
            raise ArgumentError(f"{self.name}: found {value!r}; no line of these claims is dated")
        if self.options:
            begin, end = (str(day) for day, _ in self.options)
            if (first and f"{first}" > end) or (last and f"{last}" < begin):
                raise ArgumentError(f"{self.name}: found {value!r}; lines are dated from {begin} to {end}")
        return ["" if first is None else _month_or_day(first, 1),
                "" if last is None else _month_or_day(last, monthrange(last.year, last.month)[1])]  # fmt: skip


def _month_or_day(day: date, bound: int) -> str:
    """A month where the day is the one that it begins (ends) with, else the day."""
    return f"{day:%Y-%m}" if day.day == bound else f"{day:%Y-%m-%d}"


class Board(anywidget.AnyWidget):
    """One page. ``controls``, ``parts``: what it shows; ``values``: what is chosen; ``event``: what the reader did.

    ``turn`` counts how often the parts were worked out: the page is drawn at each, though nothing may have changed;
    ``late``, how often parts came after a page that was drawn. ``tools``: undo, reset; ``link`` and ``code``: where the
    page stands; ``served``: by whom, where the address of the browser is the page's own.
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
    tools = traitlets.List(traitlets.Dict()).tag(sync=True)
    link = traitlets.Unicode("").tag(sync=True)
    code = traitlets.Unicode("").tag(sync=True)
    served = traitlets.Unicode("").tag(sync=True)

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
