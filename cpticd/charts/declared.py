"""The chart and the sentence that a measure declares for its results."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pandas as pd

from cpticd.charts.figure import Figure
from cpticd.core.errors import ArgumentError
from cpticd.core.measure import measure_of


def draw(frame: pd.DataFrame, **options: Any) -> Figure:
    """The chart of a result, as its measure declares it; ``options`` are those of the chart, such as ``theme="dark"``.

    Raises ArgumentError for a frame that no measure returned, or whose measure declares no chart.

    >>> import cpticd as cx
    >>> claims = cx.simulate(persons=200, seed=1).claims
    >>> cx.charts.draw(cx.denials.overturned(claims, by="payer")).layout.xaxis.title.text
    'Overturned of lines denied at first'
    """
    chart = _declared(frame, "draw", "chart", "or name its columns: cx.charts.bars(…)")
    drawn: Figure = getattr(import_module("cpticd.charts"), chart.kind)(
        frame, **{**chart.options(frame), **options}
    )
    return drawn


def sentence(frame: pd.DataFrame) -> str:
    """The finding of a result in one sentence with its numbers, as its measure declares it; "" where there is none.

    Measures that declare one: ``denials`` drivers, flow, kpis, open_summary, overturned, resolution and trend. Raises
    ArgumentError for a frame that no measure returned, or whose measure declares no sentence.

    >>> import cpticd as cx
    >>> claims = cx.simulate(persons=200, seed=1).claims
    >>> cx.charts.sentence(cx.denials.flow(claims)).partition("among them, ")[2]
    '16 % have been paid since, 14 % are open; 68 % were lost without a second claim.'
    """
    written: str = _declared(frame, "sentence", "sentence", "such as cx.denials.drivers(claims)")(frame)
    return written


def _declared(frame: pd.DataFrame, call: str, what: str, advice: str) -> Any:
    """What the measure of a result declares; ArgumentError where it declares none, or no measure returned the frame."""
    measure = measure_of(frame)
    found = getattr(measure, what, None)
    if found is None:
        name = (
            "a frame that no analysis returned"
            if measure is None
            else f"{measure.name}, which declares no {what}"
        )
        raise ArgumentError(f"{call}: found {name}; give a result as it came, {advice}")
    return found
