"""What the page of denials is filtered by, and how: its controls."""

from __future__ import annotations

from typing import Final

from cpticd.claims import Claims
from cpticd.denials.cube import Cube
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
)
#: Values of a dimension that can be chosen: those with the most lines.
VALUES: Final = 50
_ALL: Final = ("", "All")
#: Labels of dimensions that are shorter than their own.
_LABELS: Final = {"place": "Place of service"}


def controls(claims: Claims, cube: Cube, dimensions: list[str]) -> list[Control]:
    """A control per dimension, and those that every page of denials has."""
    labels = {name: each.label for name, each in claims.known_dimensions().items()}
    filters = [
        Control(
            "select",
            name,
            _LABELS.get(name, labels[name][:1].upper() + labels[name][1:]),
            "",
            values(cube, name),
        )
        for name in dimensions
    ]
    months = tuple((month, month) for month in cube.months)
    causes = tuple((name, name) for name in cube.categories)
    looks = tuple((name, spec[0]) for name, spec in MEASURES.items())
    least = tuple((n, f"{n} lines") for n in MIN_LINES)
    return [
        *filters[:1],
        Control("dates", "dates", "Months of service", None, months),
        *filters[1:],
        Control("select", "category", "Root cause", "", (_ALL, *causes)),
        Control("select", "view", "Show", "pairs", VIEWS),
        Control("select", "measure", "Measure", "excess", looks),
        Control("select", "decision", "Decision", "initial", DECISIONS),
        Control("select", "min_lines", "Pairs of at least", 30, least),
        Control("button", "export", "Export denied lines"),
    ]


def values(cube: Cube, dimension: str) -> tuple[tuple[str, str], ...]:
    """The values of a dimension with the most lines, each with their number."""
    known = reference_table("place_of_service").to_pylist() if dimension == "place" else []
    named = {row["code"]: row["name"] for row in known}
    counts = cube.counts(dimension).head(VALUES)
    return (_ALL, *(
        (str(name), f"{name} {named[name]} ({n:,})" if name in named else f"{name} ({n:,})")
        for name, n in counts.items()
    ))  # fmt: skip
