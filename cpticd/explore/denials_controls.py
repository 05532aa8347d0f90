"""What the page of denials is filtered by, and how: its controls."""

from __future__ import annotations

from typing import Final

import numpy as np

from cpticd.claims import Claims
from cpticd.denials.cube import Cube
from cpticd.explore import names
from cpticd.explore.board import Control
from cpticd.reference import table as reference_table

#: Measures: label, color of the matrix, unit of the causes' bars, unit of the trend, order of the pairs.
MEASURES: Final = {
    "excess": ("Excess over expected", "excess", "charge", "lines", None),
    "rate": ("Rate of lines", "rate", "lines", "lines", "low"),
    "dollars": ("Denied dollars", "denied_amount", "charge", "charge", "denied_amount"),
}
DECISIONS: Final = (("initial", "Initial: first decision"), ("final", "Final: latest decision"))
MIN_LINES: Final = (11, 30, 100, 300)
VIEWS: Final = (
    ("pairs", "Pairs"),
    ("drivers", "Drivers of denials"),
    ("open", "Open denials"),
)
#: What is held against what is chosen, beside the values of a dimension.
COMPARED: Final = (
    ("", "nothing"),
    ("before", "with the period before"),
    ("year", "with a year before"),
    ("kept", "with what was kept as A"),
)
_ALL: Final = ("", "All")
#: Labels of dimensions that are shorter than their own.
_LABELS: Final = {"place": "Place of service"}


def dates_of(cube: Cube) -> tuple[tuple[str, str], ...]:
    """The first and the last day of service, where a line is dated."""
    if not cube.months:
        return ()
    days = cube.lines.day[~np.isnat(cube.lines.day)]
    return tuple((str(day), str(day)) for day in (days.min(), days.max()))


def controls(claims: Claims, cube: Cube | None, dimensions: list[str]) -> list[Control]:
    """A control per dimension, and those that every page of denials has; without a cube, as they wait for it."""
    labels = {name: each.label for name, each in claims.known_dimensions().items()}
    filters = [
        Control(
            "several",
            name,
            _LABELS.get(name, labels[name][:1].upper() + labels[name][1:].replace("_", " ")),
            "",
            (_ALL,) if cube is None else values(claims, cube, name),
        )
        for name in dimensions
    ]
    causes = tuple((name, name) for name in ([] if cube is None else cube.categories))
    looks = tuple((name, spec[0]) for name, spec in MEASURES.items())
    least = tuple((n, f"{n} lines") for n in MIN_LINES)
    beside = tuple((name, f"{labels[name]}s side by side") for name in dimensions)
    return [
        *filters[:1],
        Control("dates", "dates", "Service", None, () if cube is None else dates_of(cube)),
        *filters[1:],
        Control("several", "category", "Root cause", "", (_ALL, *causes)),
        Control("select", "view", "Show", "pairs", VIEWS),
        Control("select", "compare", "Compare", "", (*COMPARED, *beside)),
        Control("select", "measure", "Measure", "excess", looks),
        Control("select", "decision", "Decision", "initial", DECISIONS),
        Control("select", "min_lines", "Pairs of at least", 30, least),
        Control("button", "keep", "Keep as A"),
        Control("button", "export", "Export denied lines"),
    ]


def values(claims: Claims, cube: Cube, dimension: str) -> tuple[tuple[str, str], ...]:
    """The values of a dimension, those with the most lines first, each with its name, if any, and its lines."""
    if dimension == "place":
        known = reference_table("place_of_service").to_pylist()
        named = {row["code"]: row["name"] for row in known}
    else:
        named = names.of_npis(claims, dimension)
    return (_ALL, *(
        (str(name), f"{name} {named[name]} ({n:,})" if name in named else f"{name} ({n:,})")
        for name, n in cube.counts(dimension).items()
    ))  # fmt: skip
