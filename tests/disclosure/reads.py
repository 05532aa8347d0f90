"""How an attacker reads the tables of a report: which column of which row is a sum over which lines or persons.

Columns that are no such sums (rates, intervals, expectations, odds ratios, chances, words) are compared as they are:
``twins`` asks for a data set that agrees in every sum, and then in everything else that is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from cpticd import codes
from tests.disclosure.kinds import DENIED, FATES, LOST

Which = Callable[[pd.DataFrame], pd.Series]
CATEGORY: Final = {
    "not necessary": "medical necessity or level of care",
    "won": "medical necessity or level of care",
    "wrong code": "diagnosis conflict or validity",
}
#: Months that are old enough, on the last date of payment, for the latest decision to count.
MATURE: Final = ("2023-07", "2024-02", "2024-03")


def read_lines(
    lines: pd.DataFrame, flagged: Mapping[str, set[str]], mature: Sequence[str] = MATURE
) -> pd.DataFrame:
    """A row per kind and line, with all by which tables group lines; ``flagged``: of each rule its diagnoses."""
    lines = lines.assign(mature=lines["month"].isin(mature))
    lines["category"] = lines["fate"].map(CATEGORY)
    lines["became"] = np.select(
        [lines["fate"] == "won", lines["fate"].isin(LOST) & lines["mature"]],
        ["paid", "denied for good"],
        "open",
    )
    lines["hcpcs_family"] = codes.procedure_family(lines["hcpcs_code"]).to_numpy()
    lines["diagnosis_family"] = codes.diagnosis_family(lines["diagnosis_code"]).to_numpy()
    first = pd.to_datetime(lines["month"] + "-01")
    lines["period"], lines["quarter"] = first, first.dt.to_period("Q").astype(str)
    for rule, diagnoses in flagged.items():
        lines[f"flagged {rule}"] = lines["diagnosis_code"].isin(diagnoses)
    return lines


def _every(lines: pd.DataFrame) -> pd.Series:
    return pd.Series(True, index=lines.index)


def _of(*fates: str) -> Which:
    return lambda lines: lines["fate"].isin(fates) & ~lines["earlier"]


def _old(which: Which) -> Which:
    return lambda lines: which(lines) & lines["mature"]


#: Dollars that the first decision pays for a line.
PAID: Final = {fate: paid for fate, (_, paid, _) in FATES.items()}
denied, lost, won = _of(*DENIED), _of(*LOST), _of("won")
_RATE: Final[dict[str, Which]] = {"n": _every, "denied": denied}
_PAIR: Final[dict[str, Which]] = {"lines": _every, "denied_lines": denied}
#: Of each part of the report the columns that name its rows, and of its columns the lines that they count.
SUMS: Final[dict[str, tuple[tuple[str, ...], dict[str, Which]]]] = {
    "lines": ((), _RATE),
    "claims": ((), _RATE),
    "charge": ((), {}),
    "final": ((), {"n": _old(_every), "denied": _old(lost)}),
    "payers": (("payer",), _RATE),
    "payer_procedures": (("payer", "hcpcs_code"), _RATE),
    "causes": (("category",), {"lines": denied}),
    "flow": (("category", "became"), {"lines": denied}),
    "overturned": (("payer",), {"denied_lines": _old(denied), "overturned_lines": _old(won)}),
    "pairs": (("hcpcs_code", "diagnosis_code"), _PAIR),
    "payer_pairs": (("payer", "hcpcs_code", "diagnosis_code"), _PAIR),
    "families": (("hcpcs_family", "diagnosis_family"), _PAIR),
    "trend": (("period",), _RATE),
    "takebacks": (("payer",), {"lines": _of("other code")}),
}
#: Parts with a column of persons.
PERSONS: Final = ("pairs", "payer_pairs", "families")
#: Of each part that is read in another way, how; of the others why they are not.
OTHERWISE: Final[dict[str, str]] = {
    "summary": "value: of all lines, as lines and kpis",
    "accounting": "rows of files; left out with the summary",
    "rejects": "rows of files",
    "kpis": "numerator, denominator: totals of lines and of fates",
    "open_summary": "lines, and those of near or unknown deadline: by month and category",
    "drivers": "levels: each as a table of its own",
    "rule_counts": "findings, lines: of each rule",
    "scorecard": "flagged_lines, denied_lines: of each rule by payer",
    "unspecified": "rounded counts: no equations",
    "effect": "odds ratios: no sums",
    "residual": "rounded sums: no equations",
    "resolution": "shares that survive: no sums",
    "delay": "shares that survive: no sums",
    "risk_prevalence": "persons by condition: risk_reads",
    "risk_recapture": "persons by condition: risk_reads",
    "risk_impact": "a row per person and condition: risk_reads",
    "risk_reasons": "conditions by reason: risk_reads",
    "returned": "nothing is returned",
    "rules": "does not leave",
    "risk_panels": "rounded sums of few digits: no equations",
    "risk_clinicians": "rounded sums of few digits: no equations",
    "risk_bridge": "rounded sums of few digits: no equations",
    "risk_worklist": "does not leave",
    "risk_change": "does not leave",
    "risk_gaps": "does not leave",
    "risk_unsupported": "does not leave",
}


@dataclass(frozen=True)
class Sum:
    """One cell: its name, which kinds are in it (persons of a kind count once each line), and what is shown of it."""

    name: str
    weights: np.ndarray
    shown: float


class Reader:
    """Reads tables of one data set: ``lines`` as ``read_lines`` makes them, of so many ``kinds``."""

    def __init__(self, lines: pd.DataFrame, kinds: int) -> None:
        self._lines, self._kinds = lines, kinds

    def sums(self, frames: Mapping[str, pd.DataFrame]) -> Iterator[Sum]:
        """Every sum of the tables, also where it is not shown (``shown`` is missing then)."""
        for part, (keys, columns) in SUMS.items():
            yield from self._read(part, keys, columns, frames[part])
        for part in PERSONS:
            yield from self._persons(part, SUMS[part][0], frames[part])
        drivers = frames["drivers"]
        for level, rows in drivers.groupby("level") if len(drivers) else ():
            keys = tuple(str(level).split(" × "))
            yield from self._read(f"drivers {level}", keys, _PAIR, rows)
            yield from self._persons(f"drivers {level}", keys, rows)
        yield from self._rules(frames["scorecard"], frames["rule_counts"])
        yield from self._known()

    def _rules(self, card: pd.DataFrame, counts: pd.DataFrame) -> Iterator[Sum]:
        """Flagged lines of each rule, by payer and in all, and what was paid of them at first."""
        for name in (column for column in self._lines.columns if column.startswith("flagged ")):
            rule = name.removeprefix("flagged ")
            of: dict[str, Which] = {
                "flagged_lines": lambda rows, name=name: rows[name],
                "denied_lines": lambda rows, name=name: rows[name] & denied(rows),
            }
            part, rows, flagged = f"scorecard {rule}", card[card["rule"] == rule], of["flagged_lines"]
            yield from self._read(part, ("payer",), of, rows)
            yield from self._read(part, ("payer",), {"paid_amount": flagged}, rows, dollars=PAID)
            yield from self._read(
                f"rule_counts {rule}", (), {"lines": flagged}, counts[counts["rule"] == rule]
            )

    def _read(
        self,
        part: str,
        keys: tuple[str, ...],
        columns: Mapping[str, Which],
        frame: pd.DataFrame,
        *,
        dollars: Mapping[str, int] | None = None,
    ) -> Iterator[Sum]:
        lines, kind = self._lines, self._lines["kind"].to_numpy()
        known = frame.set_index(list(keys)) if keys else frame.assign(every=0).set_index("every")
        groups = lines.groupby(list(keys)).indices if keys else {0: np.arange(len(lines))}
        for column, which in columns.items():
            counted = which(lines).to_numpy()
            for key, rows in groups.items():
                shown = known[column].get(key, np.nan) if len(known) else np.nan
                own = rows[counted[rows]]
                each = None if dollars is None else lines["fate"].map(dollars).to_numpy(float)[own]
                weights = np.bincount(kind[own], each, minlength=self._kinds)
                yield Sum(f"{part}: {column} of {key}", weights, float("nan" if pd.isna(shown) else shown))

    def _persons(self, part: str, keys: tuple[str, ...], frame: pd.DataFrame) -> Iterator[Sum]:
        """Persons of each row: those of a kind count once."""
        once = Reader(self._lines.drop_duplicates(["kind", *keys]), self._kinds)
        yield from once._read(part, keys, {"persons": _every}, frame)

    def _known(self) -> Iterator[Sum]:
        """What is known of everybody: how many persons there are."""
        lines = self._lines
        groups = {"persons": ~lines["earlier"]}
        persons = lines.groupby("kind")["persons"].first().to_numpy()
        for name, which in groups.items():
            weights = np.bincount(lines["kind"][which], minlength=self._kinds)
            yield Sum(name, weights, float(weights @ persons))
