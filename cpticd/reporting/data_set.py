"""What was read, as parts of a report: the summary, the accounting and what was rejected, repaired or noted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from cpticd.core.contract import attach, carry
from cpticd.core.measure import Cells, Linked, Part, Parts, Public, measure
from cpticd.core.rounding import about

if TYPE_CHECKING:
    from cpticd.claims import Claims

#: Figures of the summary that are of persons, by the yes-or-no fact of the lines that they are of; '': of all.
OF_PERSONS: Final = {
    "": ("claims", "service lines", "persons", "diagnoses", "charges"),
    "adjudicated": ("adjudications", "adjudicated lines"),
    "denied": ("initially denied lines", "initially denied amount"),
}
#: Columns of the accounting that show how many lines, claims and dollars there are.
LOADED: Final = ("read", "loaded", "amount_read", "amount_loaded")
_LIST: Final[dict[str, Any]] = {
    "numerator": "none: a list",
    "denominator": "none: a list",
    "clock": "as read",
}


def _figures(summary: pd.DataFrame) -> dict[str, Any]:
    return dict(zip(summary["measure"], summary["value"], strict=True))


def _row(summary: pd.DataFrame, _: Parts) -> dict[str, tuple[pd.DataFrame, Cells]]:
    figures = _figures(summary)
    if not figures.get("service lines"):
        return {}
    row = pd.DataFrame([{name: figures[name] for names in OF_PERSONS.values() for name in names}])
    return {"row": (row, Cells(numerators={flag: names for flag, names in OF_PERSONS.items() if flag}))}


def _shown(summary: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The summary without what its row lost; of what was returned, which tables divide, about how much."""
    row = dict(tables["row"].iloc[0]) if "row" in tables else {}
    minimum = int(tables["row"].attrs["disclosure"]["minimum"]) if "row" in tables else 1
    values = [
        row.get(name, about(value, minimum) if name.startswith("returned") else value)
        for name, value in _figures(summary).items()
    ]
    return carry(summary, summary.assign(value=pd.Series(values, index=summary.index, dtype=object)))


@measure(
    heading="What the data hold",
    leaves=Linked(_row, _shown),
    report=[Part("summary", "findings", "What the data hold")],
)
def summary(claims: Claims) -> pd.DataFrame:
    """One row per figure that describes the data set: measure, value, unit."""
    return attach(claims.summary(), measure="what the data hold", **_LIST)


@measure(
    heading="What was read",
    leaves=Public("rows of files are counted, not persons"),
    report=[Part("accounting", "accounting", "What was read")],
)
def accounting(claims: Claims) -> pd.DataFrame:
    """One row per source and table: rows and dollars read, loaded, rejected and left out."""
    return attach(claims.accounting(), measure="read = loaded + rejected + left out", **_LIST)


@measure(
    heading="Rejected, repaired or noted",
    leaves=Public("rows of files are counted, and their contents stay in the session"),
    report=[Part("rejects", "accounting", "Rejected, repaired or noted")],
)
def rejects(claims: Claims) -> pd.DataFrame:
    """One row per table, action and reason of rejects: sources and rows; what was lost before what was mended."""
    keys = ["table_name", "action", "reason"]
    found = claims.rejects
    if found.empty:
        return attach(pd.DataFrame(columns=[*keys, "sources", "rows"]), measure="rejects", **_LIST)
    grouped = found.groupby(keys, dropna=False, observed=True)["source"]
    counted = grouped.agg(sources="nunique", rows="size").reset_index()
    order = counted["action"].map({"rejected": 0, "repaired": 1, "noted": 2})
    counted = counted.assign(order=order).sort_values(
        ["order", "rows", *keys], ascending=[True, False, True, True, True]
    )
    result = counted.drop(columns="order").reset_index(drop=True)
    return attach(result, measure="rows that a loader rejected, repaired or noted, by reason", **_LIST)


def lost_figures(summary: pd.DataFrame) -> bool:
    """Whether any figure of persons was left out, with which what was loaded would give it away."""
    figures = _figures(summary) if len(summary) else {}
    return any(pd.isna(figures.get(name, 0)) for names in OF_PERSONS.values() for name in names)


def without_loaded(accounting: pd.DataFrame) -> pd.DataFrame:
    """The accounting of which only what was rejected stays."""
    hidden = {name: pd.array([pd.NA] * len(accounting), dtype="Float64") for name in LOADED}
    return carry(accounting, accounting.assign(**hidden))


def by_table(accounting: pd.DataFrame) -> pd.DataFrame:
    """One row per table: how many sources it came from, rows and dollars over all of them."""
    if accounting.empty:
        return accounting
    sums = [name for name in accounting.columns if name not in ("source", "table_name")]
    grouped = accounting.groupby("table_name", sort=False, observed=True)
    # min_count: no dollars at all is missing, not zero.
    summed = grouped[sums].sum(min_count=1)
    return summed.assign(sources=grouped["source"].nunique()).reset_index()[["table_name", "sources", *sums]]
