"""The chart that a measure declares for its results."""

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
    measure = measure_of(frame)
    if measure is None or measure.chart is None:
        name = (
            "a frame that no analysis returned"
            if measure is None
            else f"{measure.name}, which declares no chart"
        )
        raise ArgumentError(
            f"draw: found {name}; give a result as it came, or name its columns: cx.charts.bars(…)"
        )
    chart = getattr(import_module("cpticd.charts"), measure.chart.kind)
    drawn: Figure = chart(frame, **{**measure.chart.options(frame), **options})
    return drawn
