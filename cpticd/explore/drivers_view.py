"""The view of drivers on the page of denials: where denials come from in the lines that are chosen."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pandas as pd

from cpticd import charts
from cpticd.charts.driver_charts import driver, listed
from cpticd.claims import Claims
from cpticd.core.errors import CpticdError
from cpticd.denials.drivers import drivers
from cpticd.denials.rates import rates
from cpticd.explore.board import chart
from cpticd.explore.pages import behind

#: The map's dimensions.
BY: Final = ("payer", "hcpcs_code")
_WORKING: Final = "Working: payers, procedures, places, providers and diagnoses are held against one another."
_RATES: Final = ("payer", "hcpcs_code", "n", "denied", "rate", "low", "high", "denied_amount")


@dataclass(frozen=True)
class Drivers:
    """Drivers of a selection and the rates of its payers and procedures, or the reason why there are none."""

    drivers: pd.DataFrame = field(default_factory=pd.DataFrame)
    rates: pd.DataFrame = field(default_factory=pd.DataFrame)
    reason: str = ""


def worked_out(
    claims: Claims, dimensions: Sequence[str], *, cause: str | Collection[str] | None, min_lines: int
) -> Drivers:
    """Drivers of claims by payer, procedure and place, the page's own criteria, and diagnosis."""
    own = [name for name in dimensions if name != "dates"]
    wanted = dict.fromkeys(("payer", "hcpcs_code", "place", *own, "diagnosis"))
    try:
        found = drivers(claims, tuple(wanted), cause=cause, min_lines=min_lines)
        return Drivers(found, rates(claims, by=list(BY)))
    except CpticdError as error:
        return Drivers(reason=str(error))


def parts(found: Drivers | None) -> list[dict[str, Any]]:
    """The chart of drivers and the map of payers and procedures; until they are worked out, that they are."""
    if found is None or found.reason:
        text = _WORKING if found is None else found.reason
        said = {"kind": "text", "name": "drivers", "title": "Where denials come from", "paragraphs": [text]}
        return [said, {"kind": "text", "name": "rates", "paragraphs": []}]
    table = listed(found.drivers)
    drawn = [
        chart("drivers", charts.drivers(found.drivers), label="Drivers of denials", clickable=True,
              table=behind(table, list(table.columns), name="drivers") | {"selectable": True} if len(table) else None)
    ]  # fmt: skip
    if found.rates.empty:
        return [*drawn, {"kind": "text", "name": "rates", "paragraphs": []}]
    behind_map = behind(found.rates, _RATES, name="rates") | {"selectable": True}
    return [*drawn, chart("rates", charts.rate_matrix(found.rates), label="Denial rate of payers and procedures",
                          clickable=True, table=behind_map)]  # fmt: skip


def clicked(found: Drivers, event: Mapping[str, Any]) -> dict[str, Any] | None:
    """The values, by dimension, of the driver or cell that was clicked, or chosen in its table; ``name``, in words."""
    custom, is_row = list(event.get("custom") or []), event.get("kind") == "row"
    if event.get("part") == "drivers":
        place = int(event["row"]) if is_row else int(custom[0]) if custom else -1
        if not 0 <= place < len(found.drivers):
            return None
        row = found.drivers.iloc[place].to_dict()
        names = str(row["level"]).split(" × ")
        return {name: str(row[name]) for name in names} | {"name": driver(row)}
    if is_row and 0 <= int(event["row"]) < len(found.rates):
        custom = found.rates.iloc[int(event["row"])][list(BY)].tolist()
    if len(custom) < len(BY) or not all(map(str, custom[:2])):
        return None  # a cell without lines
    return {"payer": str(custom[0]), "hcpcs_code": str(custom[1]), "name": f"{custom[1]} at {custom[0]}"}


def where(
    view: str, drill: tuple[str | None, str | None], driver: Mapping[str, Any] | None
) -> dict[str, Any]:
    """What is shown, and the ways back: to all families, and to the drivers that one of was opened."""
    if view == "drivers":
        text = "Of first decisions. Click a driver or a cell, or choose one in its table, for its pairs."
        return {"kind": "bar", "name": "where", "text": text, "buttons": []}
    drilled = drill != (None, None)
    text = "Click a cell of the matrix to open its codes."
    if view == "open":
        text = "What can still be won of the lines that are chosen."
    if drilled:
        text = f"Shown: {drill[0]} × {drill[1]}"
    elif driver:
        text = f"Pairs within the driver {driver['name']}: filters and search are set to it."
    buttons = [{"name": "back", "label": "Back to all families"}] if drilled else []
    buttons += [{"name": "drivers", "label": "Back to drivers"}] if driver else []
    return {"kind": "bar", "name": "where", "text": text, "buttons": buttons}
