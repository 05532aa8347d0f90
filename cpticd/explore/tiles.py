"""Tiles of explorers: figures of an analysis in words, as the page shows them and as a notebook may keep them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

import pandas as pd

from cpticd.charts import format as fmt
from cpticd.charts import risk_parts
from cpticd.claims import Claims
from cpticd.core.errors import CpticdError
from cpticd.core.measure import Cells, Measure
from cpticd.denials.cube_view import View
from cpticd.disclosure import SUPPRESSED, Release, settings

Tile = dict[str, str]
#: How rates of a view may leave.
_RATES: Final = Cells(
    where="adjudicated",
    numerators={
        "denied": ("denied", "rate", "low", "high", "denied_amount", "dollar_rate"),
        "partly_denied": ("partly_denied", "denied_amount", "dollar_rate"),
    },
)
#: Persons of an impact that are counted in its tiles.
_GROUPS: Final = (risk_parts.CODED, risk_parts.GAPS, risk_parts.UNSUPPORTED, risk_parts.REVIEWED)
#: What stands in a tile that is still worked out.
WORKED_OUT = "…"


def tile(label: str, value: str, note: str = "") -> Tile:
    """One tile: a figure between its label and what more is to be known of it."""
    return {"label": label, "value": value, "note": note}


def kept(shown: Iterable[Tile], protected: Iterable[Tile]) -> list[Tile]:
    """Tiles as a notebook may keep them: a value that reads otherwise once its frame is protected is left out."""
    return [
        one if one == other else tile(one["label"], SUPPRESSED)
        for one, other in zip(shown, protected, strict=True)
    ]


# -- denials ---------------------------------------------------------------------------------------


def denials(rates: pd.DataFrame, change: pd.DataFrame, *, final: bool, dollars: bool) -> list[Tile]:
    """Lines, denied ones, rate, dollars and the change, of the frames of a view."""
    row = rates.iloc[0]
    last = " at last" if final else ""
    charged = f"{fmt.percent(row['dollar_rate'])} of {fmt.dollars(row['charge_amount'])} charged"
    return [
        tile("Adjudicated lines", fmt.count(row["n"])),
        tile(
            f"Denied lines{last}",
            fmt.count(row["denied"]),
            f"denied in part: {fmt.count(row['partly_denied'])}",
        ),
        tile(
            f"Denial rate{last}",
            fmt.percent(row["rate"]),
            f"95 % interval {fmt.interval(row['low'], row['high'])}",
        ),
        tile(f"Denied dollars{last}", fmt.dollars(row["denied_amount"]), charged),
        _change(change, dollars=dollars),
    ]


def _change(change: pd.DataFrame, *, dollars: bool) -> Tile:
    """The change on the period before, in the unit of the measure."""
    if change.empty or pd.isna(change["difference"].iloc[0]):
        return tile("Change on the period before", fmt.MISSING, "no lines to compare")
    row = change.iloc[0]
    note = f"{row['first']} to {row['last']} against {row['previous_first']} to {row['previous_last']}"
    if dollars:
        value = fmt.signed(fmt.dollars, row["denied_amount"] - row["previous_denied_amount"])
        return tile("Change of denied dollars", value, note)
    span = f"95 % interval {fmt.points(row['difference_low'])} to {fmt.points(row['difference_high'])}"
    return tile("Change of the rate", fmt.points(row["difference"]), f"{span}; {note}")


def protected_denials(
    view: View, within: tuple[str | None, str | None], release: Release
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rates and change of a view without figures of few persons; of the change none where either period has some.

    ``release``: what leaves beside the rates, of facts that say which lines are ``inside``; they join it as ``lines``.
    """
    release.cells("lines", view.rates(within), replace(_RATES, where=("adjudicated", "inside")))
    change, views = view.change(within), view.periods()
    if views is not None and len(change):
        alike = settings().minimum
        periods = [each.line_facts(within, alike=alike).assign(period=n) for n, each in enumerate(views)]
        rates = pd.concat([each.rates(within).assign(period=n) for n, each in enumerate(views)])
        both = Release(pd.concat(periods)).cells(
            "periods", rates.reset_index(drop=True), replace(_RATES, by="period")
        )
        if both["periods"].attrs["disclosure"]["hidden"]:
            change = change.head(0)
    return release["lines"], change


# -- risk adjustment, coding rules, both ledgers ----------------------------------------------------


def risk(impact: pd.DataFrame) -> list[Tile]:
    """Persons, both directions and the net, each with its interval."""
    totals = risk_parts.totals(impact, "explore")
    unit = risk_parts.unit(impact, None, "explore")
    coded, reviewed = totals[risk_parts.CODED], totals[risk_parts.REVIEWED]
    found = [
        tile("Persons to review", fmt.count(reviewed["persons"]), f"of {fmt.count(coded['persons'])} scored")
    ]
    for kind, label in ((risk_parts.GAPS, "Gaps"), (risk_parts.UNSUPPORTED, "Unsupported")):
        if kind not in totals:
            continue
        record = totals[kind]
        expected, low, high, _ = (float(record[name]) for name in unit.fields)
        span = f"95 % interval {fmt.span(unit.write, low, high)}"
        found += [
            tile(label, fmt.count(record["gaps"]), risk_parts.counted(record["persons"], "person")),
            tile(f"{label}: expected {unit.noun}", unit.signed(expected), span),
        ]
    start, end = float(coded[unit.column]), float(reviewed[unit.fields[0]])
    low, high = (float(reviewed[name]) - start for name in unit.fields[1:3])
    share = f"{fmt.signed(fmt.percent, end / start - 1)} of {unit.write(start)}; " if start else ""
    note = f"{share}95 % interval {fmt.span(unit.signed, low, high)}"
    return [*found, tile("Net, after review of both", unit.signed(end - start), note)]


def kept_risk(impact: pd.DataFrame) -> list[Tile]:
    """The tiles of an impact as a notebook may keep them: none where any of the groups of persons in it is small."""
    totals = risk_parts.totals(impact, "explore")
    persons = {name: int(totals[name]["persons"]) if name in totals else 0 for name in _GROUPS}
    every, some = persons[risk_parts.CODED], persons[risk_parts.REVIEWED]
    # Persons of one direction alone, and those without anything to review, follow by subtraction.
    follow = [every - some, *(some - persons[name] for name in (risk_parts.GAPS, risk_parts.UNSUPPORTED))]
    small = any(0 < n < settings().minimum for n in (*persons.values(), *follow))
    return [tile(each["label"], SUPPRESSED) if small else each for each in risk(impact)]


def rules(totals: pd.DataFrame) -> list[Tile]:
    """Findings, what became of flagged lines, dollars, and what the worklist is worth."""
    row = totals.iloc[0]
    span = "" if pd.isna(row["low"]) else f"; 95 % interval {fmt.interval(row['low'], row['high'])}"
    return [
        tile("Findings", fmt.count(row["findings"]), f"of {fmt.count(row['rules'])} rules"),
        tile("Flagged lines decided", fmt.count(row["flagged_lines"]), "once for each rule"),
        tile(
            "of them denied at first",
            fmt.percent(row["precision"]),
            f"{fmt.count(row['denied_lines'])} lines{span}",
        ),
        tile(
            "denied for a cause of the rule",
            fmt.percent(row["related_precision"]),
            f"{fmt.count(row['related_lines'])} lines",
        ),
        tile("Denied dollars on them", fmt.dollars(row["caught_amount"])),
        tile("Paid in spite of it", fmt.dollars(row["paid_amount"])),
        tile(
            "Expected saving, worklist",
            fmt.dollars(row["expected_saved_amount"]),
            f"{fmt.count(row['lines'])} lines",
        ),
    ]


def two_ledgers(totals: pd.DataFrame) -> list[Tile]:
    """Both ledgers of all families, or of the chosen one with its interval."""
    row = totals.iloc[0]
    low, high = row["excess_low_amount"], row["excess_high_amount"]
    span = "" if pd.isna(low) else f"95 % interval {fmt.span(fmt.dollars, low, high)}"
    money = not pd.isna(row["expected_dollars"])
    worth = fmt.dollars(row["expected_dollars"]) if money else fmt.score(row["expected_score"])
    denied = f"that has a specific sibling; {fmt.count(row['denied_lines'])} denied"
    return [
        tile("Lines with an unspecified code", fmt.count(row["unspecified_lines"]), denied),
        tile("Denied of them", fmt.dollars(row["denied_allowed_amount"]), "at the prices that payers allow"),
        tile("Denied beyond specific codes", fmt.dollars(row["excess_allowed_amount"]), span),
        tile("Open gaps", fmt.count(row["gaps"]), f"{fmt.count(row['expected_gaps'])} expected to hold"),
        tile("Risk adjustment, expected", worth, "a year" if money else "raw score"),
        tile("Families that cost twice", fmt.count(row["pays_twice"]), "denied beyond chance, and open gaps"),
    ]


def keep(found: dict[str, Any], key: str, value: Any, most: int) -> None:
    """Keep what was worked out for a selection, in place of the oldest where there are many."""
    while len(found) >= most:
        found.pop(next(iter(found)), None)
    found[key] = value


# -- declared measures -----------------------------------------------------------------------------


class Declared:
    """The tiles that measures of a package declare, of one selection of claims: worked out once."""

    def __init__(self, measures: Iterable[Measure], claims: Claims) -> None:
        self._claims = claims
        self._found: list[tuple[Measure, pd.DataFrame, Tile]] = []
        for each in measures:
            with contextlib.suppress(CpticdError):  # what these claims do not allow is not shown
                frame = each.function(claims)
                if shown := _declared(each, frame):
                    self._found.append((each, frame, shown))

    @property
    def shown(self) -> list[Tile]:
        """As the page shows them."""
        return [shown for _, _, shown in self._found]

    @property
    def kept(self) -> list[Tile]:
        """As a notebook may keep them: of frames that are protected together."""
        release = Release(self._claims)
        for each, frame, _ in self._found:
            release.add(each.name, frame)
        found = []
        for each, _, shown in self._found:
            try:
                protected = _declared(each, release[each.name])
            except (TypeError, ValueError):  # of a figure that is left out
                protected = None
            found.append(protected or tile(shown["label"], ""))
        return kept(self.shown, found)


def _declared(measure: Measure, frame: pd.DataFrame) -> Tile | None:
    """The tile that a measure declares, of its frame; None where there is nothing to show."""
    made = None if measure.tile is None else measure.tile(frame)
    return made and tile(*made)
