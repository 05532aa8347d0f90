"""The page of measures: what each declares of itself, and how its result says that it was counted."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

import cpticd as cx
from cpticd.core import measure as declared
from cpticd.core.measure import Measure

#: Arguments that have no default; synthetic claims end in the year before the payment year.
GIVEN = {"year": 2025, "payment_year": 2026}
#: Arguments that are results of other measures.
STARTS = {
    "findings": "rules.check",
    "gaps": "risk.gaps",
    "unsupported": "risk.unsupported",
    "impact": "risk.impact",
}
#: Terms of a result's contract that the page shows, and how.
TERMS = {"numerator": "Numerator", "denominator": "Denominator", "clock": "Date", "exclusions": "Left out"}
LEAVING = {
    declared.Cells: "as counts; cells of fewer than eleven persons are suppressed",
    declared.Records: "as rows of claims; persons and claims are numbered",
    declared.Protected: "by a protection of its own",
    declared.Linked: "by way of tables that count it, which are protected",
}


class Entry(NamedTuple):
    name: str
    heading: str
    grain: str
    chart: str
    groups: bool
    facts: list[tuple[str, str]]

    @property
    def package(self) -> str:
        return self.name.partition(".")[0]

    @property
    def function(self) -> str:
        return self.name.partition(".")[2]


def read(*, contracts: bool = True) -> tuple[list[Entry], list[dict[str, Any]]]:
    """Every declared measure, by package, and the dimensions that they are grouped by.

    contracts: run each on a few synthetic claims, for the terms that its result states.
    """
    for name in cx.__all__:
        getattr(cx, name)  # a package declares its measures when it is loaded
    claims = cx.simulate(persons=100, seed=1).claims
    results = Results(claims)
    found = [entry(each, results.terms(each.name) if contracts else {}) for each in declared.measures()]
    found = [each for each in found if each.function in getattr(cx, each.package).__all__]
    return sorted(found, key=lambda each: each.package), claims.dimensions().to_dict("records")


def entry(measure: Measure, terms: Mapping[str, Any]) -> Entry:
    """What the page says of one measure."""
    parameters = inspect.signature(measure.function).parameters
    facts = [
        (words, str(terms[term]))
        for term, words in TERMS.items()
        if terms.get(term) not in (None, "", "none")
    ]
    facts.append(("Leaves a session", _leaving(measure, parameters)))
    if measure.report:
        facts.append(("In the report", "; ".join(dict.fromkeys(part.heading for part in measure.report))))
    # A chart is declared by its name in cx.charts, alone or with its options.
    chart = getattr(measure.chart, "kind", measure.chart) or ""
    return Entry(measure.name, measure.heading, measure.grain, chart, "by" in parameters, facts)


def _leaving(measure: Measure, parameters: Mapping[str, inspect.Parameter]) -> str:
    defaults = {name: each.default for name, each in parameters.items() if each.default is not each.empty}
    shape = measure.shape({**GIVEN, **defaults})
    return f"as it is: {shape.why}" if isinstance(shape, declared.Public) else LEAVING[type(shape)]


class Results:
    """Results of the measures, each worked out once."""

    def __init__(self, claims: cx.Claims) -> None:
        self._claims = claims
        self._measures = {each.name: each for each in declared.measures()}
        self._frames: dict[str, pd.DataFrame | None] = {}

    def terms(self, name: str) -> Mapping[str, Any]:
        """The contract of a result; empty where a measure needs what nothing here gives it."""
        frame = self._frame(name)
        return {} if frame is None else cx.contract(frame)

    def _frame(self, name: str) -> pd.DataFrame | None:
        if name not in self._frames:
            self._frames[name] = self._result(self._measures[name])
        return self._frames[name]

    def _result(self, measure: Measure) -> pd.DataFrame | None:
        given: dict[str, Any] = {}
        for argument, parameter in inspect.signature(measure.function).parameters.items():
            if argument in ("claims", "members"):
                given[argument] = self._claims
            elif argument in GIVEN:
                given[argument] = GIVEN[argument]
            elif parameter.default is parameter.empty and STARTS.get(argument) in self._measures:
                given[argument] = self._frame(STARTS[argument])
            elif parameter.default is parameter.empty:
                return None
        try:
            return measure.function(**given)
        except cx.CpticdError:
            return None
