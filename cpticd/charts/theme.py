"""Colours and the plotly templates ``cpticd`` and ``cpticd_dark``, which charts set; no default changes.

The palette is Okabe and Ito's (https://jfly.uni-koeln.de/color/), which stays distinct for colour-blind
readers; ordered values use Cividis, deviations run from blue through grey to vermilion.
"""

from __future__ import annotations

from typing import Final

import plotly.graph_objects as go
import plotly.io as pio

from cpticd.core.errors import ArgumentError

ORANGE: Final = "#E69F00"
SKY: Final = "#56B4E9"
GREEN: Final = "#009E73"
YELLOW: Final = "#F0E442"
BLUE: Final = "#0072B2"
VERMILION: Final = "#D55E00"
PURPLE: Final = "#CC79A7"
GREY: Final = "#8C8C8C"
TEAL: Final = "#44AA99"
COLORWAY: Final = (BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, GREY)
SEQUENTIAL: Final = "cividis"
DIVERGING: Final = ((0.0, BLUE), (0.25, "#7FB6D6"), (0.5, "#D9D9D9"), (0.75, "#E8A06C"), (1.0, VERMILION))
THEMES: Final = ("light", "dark")
#: Cells that are too few to be colored, and the numbers in cells: read on a light and on a dark page.
FEW: Final = "#C8C8C8"
INK: Final = "#24292F"


def template_name(theme: str) -> str:
    """Name of the plotly template of a theme, ``light`` or ``dark``."""
    if theme not in THEMES:
        raise ArgumentError(f"theme: found {theme!r}; give one of {', '.join(THEMES)}")
    return "cpticd" if theme == "light" else "cpticd_dark"


def rgba(color: str, opacity: float) -> str:
    """A ``#RRGGBB`` color with an opacity, for bands."""
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"


def _template(*, ink: str, paper: str, grid: str) -> go.layout.Template:
    axis = {
        "gridcolor": grid, "linecolor": grid, "zerolinecolor": grid, "automargin": True, "ticks": "",
        "ticklabelstandoff": 4, "title": {"standoff": 12},  # with automargin: the title makes way for long labels
    }  # fmt: skip
    return go.layout.Template(
        layout={
            "font": {"family": "system-ui, sans-serif", "size": 13, "color": ink},
            "paper_bgcolor": paper,
            "plot_bgcolor": paper,
            "colorway": COLORWAY,
            "title": {"x": 0, "xref": "container", "pad": {"l": 12}, "font": {"size": 17}},
            "margin": {"l": 60, "r": 30, "t": 90, "b": 80},
            "hoverlabel": {"align": "left"},
            "legend": {
                "orientation": "h",
                "yref": "container",
                "y": 0.01,
                "yanchor": "bottom",
                "x": 0,
                "traceorder": "normal",
            },
            "xaxis": axis,
            "yaxis": axis,
        }
    )


pio.templates["cpticd"] = _template(ink="#24292F", paper="#FFFFFF", grid="#DDE1E6")
pio.templates["cpticd_dark"] = _template(ink="#E6E8EB", paper="#16191D", grid="#3A4048")
