"""What the charts of risk adjustment share: kinds and their colors, units, names of conditions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import pandas as pd

from cpticd.charts import format as fmt
from cpticd.charts import frames
from cpticd.charts import theme as themes
from cpticd.core.contract import records_of, terms_of
from cpticd.core.errors import ArgumentError

UnitName = Literal["score", "dollars"]
IMPACT: Final = "risk.impact(claims, gaps, payment_year=…)"
#: The direction that lowers a score; every other kind raises it.
UNSUPPORTED: Final = "unsupported"
#: Kinds of totals that are sums: everything as coded, all kinds of gaps, and after review of both directions.
CODED: Final = "coded"
GAPS: Final = "gaps"
REVIEWED: Final = "reviewed"
#: The record of an impact that has left disclosure control.
RELEASED: Final = "hidden_kinds"
#: Kinds in the order in which they are shown, each with its color and its words.
KINDS: Final[dict[str, tuple[str, str]]] = {
    "lapsed": (themes.BLUE, "Lapsed"),
    "unspecified": (themes.SKY, "Suspected: unspecified"),
    "combination": (themes.GREEN, "Suspected: combination"),
    "implied": (themes.ORANGE, "Suspected: implied by a service"),
    "measured": (themes.YELLOW, "Suspected: measured"),
    "drug": (themes.TEAL, "Suspected: drug"),
    "external": (themes.GREY, "Suspected: external list"),
    "learned": (themes.PURPLE, "Suspected: learned"),
    UNSUPPORTED: (themes.VERMILION, "Unsupported"),
}


@dataclass(frozen=True)
class Unit:
    """How an impact is measured: its column, its axis, how a number is written."""

    name: str
    column: str
    noun: str
    axis: str
    write: Callable[[Any], str]
    #: Columns of a total: expected, low, high, and if every one were confirmed.
    fields: tuple[str, str, str, str]

    def signed(self, value: Any) -> str:
        # What is nothing but for the last bits of a sum has no sign.
        return fmt.signed(self.write, round(float(value), 3) + 0.0)


UNITS: Final[dict[str, Unit]] = {
    "score": Unit("score", "expected_score", "raw risk score", "raw risk score", fmt.score,
                  ("expected_score", "low", "high", "score")),
    "dollars": Unit("dollars", "expected_dollars", "payment", "payment, US dollars", fmt.dollars,
                    ("expected_dollars", "low_dollars", "high_dollars", "dollars")),
}  # fmt: skip


def unit(frame: pd.DataFrame, name: UnitName | None, chart: str) -> Unit:
    """The unit asked for, or dollars where the impact has them, else score; ArgumentError where it lacks it."""
    if name is None:
        name = "dollars" if UNITS["dollars"].column in frame.columns else "score"
    if name not in UNITS:
        raise ArgumentError(f"{chart}: unit {name!r} is unknown; give one of {', '.join(UNITS)}")
    found = UNITS[name]
    if name == "dollars" and found.column not in frame.columns:
        raise ArgumentError(
            f"{chart}: no column {found.column!r}: this impact has no dollars; give unit='score', or "
            "risk.impact a base_rate, US dollars per member and month"
        )
    frames.require(frame, [found.column], chart, IMPACT)
    if RELEASED in records_of(frame):  # no digits but those that left
        found = replace(found, write=fmt.released_score if name == "score" else fmt.released_dollars)
    if name == "score" and terms_of(frame).get("shares"):
        return replace(found, noun="blended payment score", axis="blended payment score")
    return found


def to_review(impact: pd.DataFrame) -> pd.DataFrame:
    """The rows that are open; a gap that another code of the person closes is not counted."""
    return impact[impact["status"] == "open"] if "status" in impact else impact


def totals(impact: pd.DataFrame, chart: str) -> dict[str, dict[str, Any]]:
    """The totals by kind, as risk.impact left them in its contract; ArgumentError where they are lost."""
    found = records_of(impact).get("totals")
    if not isinstance(found, list):
        raise ArgumentError(
            f"{chart}: its contract with the totals is missing: joining or rebuilding the frame drops it; "
            f"give the DataFrame of {IMPACT} as it is"
        )
    return {str(record["kind"]): dict(record) for record in found}


def steps(found: dict[str, dict[str, Any]]) -> list[str]:
    """The kinds among the totals that have something to review, in their order."""
    names = [name for name in found if name not in (CODED, GAPS, REVIEWED) and found[name]["gaps"]]
    return kinds(pd.Series(names, dtype="str"))


def kinds(values: pd.Series) -> list[str]:
    """The kinds that occur, known ones in their order, others after them by name, unsupported last."""
    found = set(values.dropna().astype(str))
    order = list(KINDS)
    known = [kind for kind in order if kind in found and kind != UNSUPPORTED]
    return known + sorted(found - set(order)) + ([UNSUPPORTED] if UNSUPPORTED in found else [])


def look(kind: str) -> tuple[str, str]:
    """A kind's color, grey for one that is not known, and its words."""
    return KINDS.get(kind, (themes.GREY, f"Suspected: {kind}"))


def words(kind: str) -> str:
    """A kind for people: ``Suspected: learned``."""
    return look(kind)[1]


def counted(number: Any, noun: str) -> str:
    """How many: ``1 person``, ``2 persons``."""
    return f"{fmt.count(number)} {noun}{'' if number == 1 else 's'}"


def condition(hcc: Any, label: Any) -> str:
    """A condition's full name: ``HCC 37 Diabetes with Chronic Complications``."""
    name = "" if fmt.text(label) == fmt.MISSING else f" {label}"
    return f"HCC {fmt.text(hcc)}{name}"


def conditions(frame: pd.DataFrame) -> list[str]:
    """The full name of each row's condition."""
    return [condition(hcc, label) for hcc, label in zip(frame["hcc"], frame["label"], strict=True)]


def footing(frame: pd.DataFrame, names: Sequence[str] = ("model", "payment_year", "base_rate")) -> str:
    """What a figure rests on, from the frame's contract: ``V28, payment year 2026, $1,000 per member month``."""
    contract = frames.contract(frame)
    written: dict[str, Callable[[Any], str]] = {
        "model": str,
        "payment_year": lambda value: f"payment year {value}",
        "base_rate": lambda value: f"{fmt.dollars(value)} per member and month at score 1",
    }
    return ", ".join(written[name](contract[name]) for name in names if contract.get(name) not in (None, ""))
