"""The field's standard denial measures side by side, each with numerator, denominator, interval and maturity."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from cpticd.claims import Claims
from cpticd.core.contract import attach, carry
from cpticd.core.maturity import MATURITY_DAYS
from cpticd.core.measure import Cells, Linked, Part, Parts, measure
from cpticd.core.selection import By, names
from cpticd.core.words import interval as written_interval
from cpticd.core.words import percent
from cpticd.denials import clustered, counted, divided, kpi_parts
from cpticd.denials.expected import WORDS

#: Every measure in its order, with what it is in the words of its numerator and denominator.
MEASURES: Final = {
    "initial denial rate": "claims (charges) denied at first ÷ claims (charges) submitted",
    "primary denial rate": "zero-paid decisions of primary payers ÷ all decisions of primary payers",
    "denial write-off": "expected allowed of services denied for good ÷ expected net revenue (allowed)",
    "days from denial to resubmission": "median, Kaplan-Meier; numerator: resubmitted; denominator: denied at first",
    "days from denial to resolution": "median, Kaplan-Meier; numerator: resolved; denominator: denied at first",
    "overturned": "services (charges) denied at first and later paid ÷ denied at first, mature",
    "overturned of resubmitted": "services denied at first and later paid ÷ those billed again since",
    "first-pass resolution": "claims (charges) resolved by the first decision, without resubmission ÷ decided",
    "open denials": "services open (and their expected allowed); no denominator",
}
COLUMNS: Final = (
    "measure",
    "unit",
    "reading",
    "value",
    "low",
    "high",
    "numerator",
    "denominator",
    "n",
    "maturity",
    *clustered.COLUMNS,
)
_SHOWN: Final = ("reading", "value", "low", "high", "numerator", *clustered.COLUMNS)


def _tables(frame: pd.DataFrame, _: Parts) -> Mapping[str, tuple[pd.DataFrame, Cells]]:
    """A table per measure and unit, as the persons behind it are counted."""
    groups = list(frame.columns[: list(frame.columns).index("measure")])
    arguments = kpi_parts.arguments(frame)
    tables = {}
    for (name, unit), part in frame.groupby(["measure", "unit"], sort=False):
        cells = kpi_parts.cells(str(name), str(unit), groups, arguments)
        if cells is not None:
            kept = carry(frame, part.drop(columns=["measure", "unit", "maturity"]).reset_index(drop=True))
            tables[f"{name}, {unit}"] = (kept, cells)
    return tables


def _apply(frame: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The table with what its parts may show; what none of them counts does not leave, nor does maturity."""
    parts = []
    for (name, unit), part in frame.groupby(["measure", "unit"], sort=False):
        shown = tables.get(f"{name}, {unit}")
        if shown is not None:
            named: dict[str, Any] = {"measure": str(name), "unit": str(unit), "maturity": np.nan}
            shown = shown.set_axis(part.index).assign(**named)
            parts.append(shown[list(frame.columns)])
        else:
            nothing = dict.fromkeys((*_SHOWN, "denominator", "n", "maturity"), np.nan)
            parts.append(part.assign(**nothing))
    return carry(frame, pd.concat(parts).sort_index() if parts else frame.head(0))


def _reading(row: Any) -> str:
    """The value in words: a share with its interval, days, services or dollars."""
    if row.unit == "days":
        ends = "" if np.isnan(row.low) or np.isnan(row.high) else f" ({row.low:,.0f} to {row.high:,.0f})"
        return "not reached" if np.isnan(row.value) else f"{row.value:,.0f} days{ends}"
    if np.isnan(row.value):
        return "none to count"
    if row.measure == "open denials":
        return f"${row.value:,.0f}" if row.unit == "allowed" else f"{row.value:,.0f} services"
    interval = "" if np.isnan(row.low) else f" ({written_interval(row.low, row.high)})"
    return f"{percent(row.value)}{interval}"


def _sentence(frame: pd.DataFrame) -> str:
    if list(frame.columns) != list(COLUMNS):
        return ""
    rows: list[Any] = list(frame.dropna(subset=["value"]).itertuples())
    known = {(row.measure, row.unit): row for row in rows}
    words = []
    if row := known.get(("first-pass resolution", "claims")):
        words.append(
            f"the first decision resolved {percent(row.value)} of {row.denominator:,.0f} claims decided"
        )
    if row := known.get(("denial write-off", "allowed")):
        words.append(
            f"denials took {percent(row.value)} of expected net revenue for good (${row.numerator:,.0f})"
        )
    if not words:
        return ""
    text = "; ".join(words)
    return f"{text[:1].upper()}{text[1:]}."


@measure(
    heading="Standard denial measures",
    leaves=Linked(_tables, _apply),
    report=[Part("kpis", "from_denial_to_payment", "Standard denial measures")],
    sentence=_sentence,
)
def kpis(
    claims: Claims,
    by: By = None,
    *,
    as_of: date | str | None = None,
    duplicates: bool = False,
    npsr: float | None = None,
    folder: str | Path | None = None,
    maturity_days: int = MATURITY_DAYS,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """One row per group, measure and unit: reading, value, low, high, numerator, denominator, n, maturity, …

    Measures: initial denial rate (denominator: claims submitted, replacements counted once; the average of the three
    months before, which HFMA's task force takes, is not shown), primary denial rate, denial write-off, days from denial
    to resubmission and to resolution (medians), overturned, overturned of resubmitted, first-pass resolution, open
    denials. unit is ``claims`` (of primary denials: decisions), ``lines`` (services), ``charge`` (US dollars charged),
    ``allowed`` (US dollars expected to be allowed) or ``days``; reading is the value in words. n counts the claims,
    services or decisions behind a row; maturity is the share of what the measure speaks of that is old enough
    to count: submitted claims that are decided, denials first decided ``maturity_days`` before the last adjudication.
    design_effect and effective_lines (claims, services, decisions): as in :func:`rates`; of days and open denials none.

    Parameters
    ----------
    by: dimensions, see ``claims.dimensions()``; a claim stands in the group of each of its lines.
    as_of: the day of the open denials; the last adjudication date in the data unless given.
    duplicates: whether claims and services denied at first as duplicates count; HFMA leaves them out.
    npsr: net patient service revenue of the general ledger, US dollars, as in :func:`write_off`.
    folder: where contract rates were added. maturity_days, confidence: as in :func:`overturned`.

    Definitions: HFMA's Claim Integrity Task Force (initial and primary denial rate, write-off, time to appeal and to
    resolution, overturned) and first-pass acceptance.

    >>> import cpticd as cx
    >>> found = cx.denials.kpis(cx.simulate(persons=200, seed=1).claims)
    >>> found["measure"].nunique()
    9
    """
    groups = claims.grouping(by)
    options: dict[str, Any] = {
        "as_of": as_of, "duplicates": duplicates, "npsr": npsr, "folder": folder, "maturity_days": maturity_days,
        "confidence": confidence,
    }  # fmt: skip
    parts = kpi_parts.parts(claims, names(by), options)
    result = pd.concat(parts, ignore_index=True)
    result["order"] = result["measure"].map(list(MEASURES).index)
    result = result.sort_values([*groups.names, "order"], kind="stable", ignore_index=True)
    result["n"] = result["n"].astype("Int64")
    result["reading"] = [_reading(row) for row in result.itertuples()]
    return attach(
        result[[*groups.names, *COLUMNS]],
        measure="the field's standard denial measures",
        numerator="of each measure, see measures",
        denominator="of each measure, see measures; initial denial rate: submitted, not the average of three months",
        clock="first decision; of overturned, write-off and open denials the latest, of settled services",
        exclusions="void; returned as unprocessable",
        measures=MEASURES,
        expected=WORDS,
        interval=f"{confidence:.0%}: Wilson of effective claims (services, decisions), for dollars linearised; design "
        "effects by claim or person, the larger; log-log for medians",
        **counted.duplicate_terms(duplicates),
        **divided.terms(groups, "claims"),
    )
