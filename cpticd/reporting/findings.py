"""What a report is made of: every part that a measure declares, worked out once, or the reason why it is not there."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from cpticd import denials, disclosure, risk, rules, specificity
from cpticd.core.contract import terms_of
from cpticd.core.errors import ArgumentError, CpticdError
from cpticd.core.measure import Given, Measure, Part, measures
from cpticd.reporting import data_set

if TYPE_CHECKING:
    from cpticd.claims import Claims

#: Packages whose measures a report has, in its order; importing them declares them.
PACKAGES: Final = (data_set, denials, rules, specificity, risk)
_YEAR: Final = (
    "risk adjustment needs a payment year: cx.report(…, payment_year=2026), --payment-year 2026 in a "
    "shell; diagnoses are those of the year before"
)
#: Forms of a report: for a first reader, and for analysts.
DETAILS: Final = ("short", "full")
#: Options that have no default, and what to do where a part needs one.
NEEDED: Final = {"payment_year": _YEAR, "year": _YEAR}


@dataclass(frozen=True)
class Options:
    """What the user chooses of a report.

    min_lines: fewest lines of a pair; model, payment_year (none: no risk adjustment), base_rate (US dollars per member
    and month at score 1); tables, folder and payer_kinds as in ``rules.check``; detail, ``short`` or ``full``.
    """

    min_lines: int = 30
    model: str = "V28"
    payment_year: int | None = None
    base_rate: float | None = None
    tables: Mapping[str, Any] | None = None
    folder: Any = None
    payer_kinds: Mapping[str, str] | None = None
    detail: str = "short"

    def __post_init__(self) -> None:
        from cpticd.risk import hcc_tables as tables

        if self.detail not in DETAILS:
            raise ArgumentError(f"detail: found {self.detail!r}; give one of {list(DETAILS)}")

        if self.model not in tables.KNOWN:
            raise ArgumentError(f"no risk adjustment model {self.model!r}; there are {list(tables.KNOWN)}")
        if self.payment_year is not None:
            tables.check_model(self.model, self.payment_year)
        if self.base_rate is not None and not self.base_rate > 0:
            raise ArgumentError(
                f"base_rate: found {self.base_rate!r}; give US dollars per member and month at score 1, above 0"
            )

    def values(self) -> dict[str, Any]:
        """The options by name, the service year among them, and the fewest persons that may be shown (minimum)."""
        from cpticd.risk.hcc_tables import service_year

        year = None if self.payment_year is None else service_year(self.model, self.payment_year)
        return {**self.__dict__, "year": year, "minimum": disclosure.settings().minimum}


def declared() -> Iterator[tuple[Measure, Part]]:
    """Every part of a report with its measure, package by package in the order of declaration."""
    for package in PACKAGES:
        name = package.__name__.split(".")[1]
        yield from ((each, part) for each in measures(name) for part in each.report)


@dataclass
class Findings:
    """The parts of a report by key: ``frames``; what the data do not allow is in ``reasons`` instead.

    Once they went through disclosure control (``cpticd.reporting.release``): ``minimum``, the fewest persons of a cell;
    ``account``: of each part how many counts it has and lost; ``names_persons``: whether any claim names a person.
    """

    options: Options = field(default_factory=Options)
    frames: dict[str, pd.DataFrame] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    minimum: int = 1
    account: dict[str, dict[str, int]] = field(default_factory=dict)
    names_persons: bool = True

    @property
    def min_lines(self) -> int:
        return self.options.min_lines

    @property
    def parts(self) -> dict[str, tuple[Measure, Part]]:
        """Every declared part of this form of the report by its key."""
        return {part.key: (measure, part) for measure, part in _of(self.options.detail)}

    def get(self, key: str) -> pd.DataFrame:
        """One part's rows; none where it is missing."""
        return self.frames.get(key, pd.DataFrame())

    def has(self, key: str) -> bool:
        return not self.get(key).empty

    def terms(self, key: str) -> dict[str, Any]:
        """The contract of one part; nothing where it is missing."""
        return terms_of(self.get(key))

    def reason(self, key: str, otherwise: str) -> str:
        """Why a part has no rows."""
        return self.reasons.get(key, otherwise)


def gather(
    claims: Claims, options: Options | None = None, *, step: Callable[[str], None] = lambda _: None
) -> Findings:
    """Work out every part once. ``step`` is called with the name of each before it starts.

    A measure that the data do not allow raises the package's own error, which becomes the reason that the report
    prints in that section; any other error is a fault of the package and is not hidden.
    """
    found = Findings(options or Options())
    parts = found.parts

    def need(key: str) -> pd.DataFrame:
        if key not in parts:
            raise ArgumentError(f"no part {key!r} of a report; there are {list(parts)}")
        if key in found.reasons:
            raise CpticdError(found.reasons[key])
        if key not in found.frames:
            measure, part = parts[key]
            step(part.heading.lower())
            found.frames[key] = _worked_out(measure, claims, part.arguments(given))
        return found.frames[key]

    given = Given(found.options.values(), need, NEEDED)
    for key, (_, part) in parts.items():
        try:
            need(key)
        except CpticdError as error:
            if part.strict:
                raise
            found.reasons[key] = str(error)
    return found


def _worked_out(measure: Measure, claims: Claims, arguments: Mapping[str, Any]) -> pd.DataFrame:
    """The measure of the claims, or of another part where that is what its first parameter takes."""
    first = next(iter(inspect.signature(measure.function).parameters))
    return measure.function(**arguments) if first in arguments else measure.function(claims, **arguments)


def _of(detail: str) -> Iterator[tuple[Measure, Part]]:
    """The declared parts that a form of the report has."""
    yield from (each for each in declared() if each[1].detail == "short" or detail == "full")


def steps(options: Options) -> int:
    """How many steps :func:`gather` has."""
    return sum(1 for _ in _of(options.detail))
