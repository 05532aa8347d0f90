"""What filtered lines say: rates, causes, trend, pairs and a worklist, each as the analysis of its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd

from cpticd import stats
from cpticd.core.contract import CLOCKS, attach
from cpticd.core.errors import ArgumentError
from cpticd.denials import cube_rows
from cpticd.denials.cube_rows import Level, Within, pair_columns
from cpticd.denials.pair_rates import Q_THRESHOLD, judge
from cpticd.denials.trend import MATURE_SHARE

if TYPE_CHECKING:
    from cpticd.denials.cube import Cube, Filters
    from cpticd.denials.cube_pairs import Pairing, Totals, Used

_FLAGS: Final = ["coding_related", "diagnosis_related", "preventable"]
#: Mean moving range of two independent standard normal numbers (d2 of Shewhart charts for n = 2).
_D2: Final = 1.1283791670955126
#: Filters whose used lines are kept by pair: two levels of the last two.
KEPT_ROWS: Final = 4


class View:
    """The lines of a cube that pass its filters. Made by ``cube.view(…)``."""

    def __init__(self, cube: Cube, filters: Filters) -> None:
        self.cube = cube
        self.filters = filters
        if filters.clock not in CLOCKS:
            raise ArgumentError(f"clock: found {filters.clock!r}; expected initial or final")
        if filters.category is not None and filters.category not in cube.categories:
            raise ArgumentError(f"category: found {filters.category!r}; there are {cube.categories}")
        self._results: dict[tuple[str, Any], pd.DataFrame] = {}
        self._inside: dict[tuple[Within, Level], np.ndarray] = {}
        self.lines = self._lines()

    # -- which lines -------------------------------------------------------------------------------

    def _lines(self) -> np.ndarray:
        """Lines that pass payer, place, provider and period, adjudicated or not."""
        keep = np.ones(len(self.cube.month), dtype=bool)
        for name in ("payer", "place", "billing_npi"):
            wanted = getattr(self.filters, name)
            if wanted is not None:
                column = self.cube.columns[name]
                keep &= column.code == column.number(wanted, name)
        first, last = _month("first", self.filters.first), _month("last", self.filters.last)
        if first is not None and last is not None and first > last:
            raise ArgumentError(
                f"first: found {first}, after last: {last}; choose a period that begins before it ends"
            )
        if (first is not None or last is not None) and self.cube.months:
            zero, end = (np.datetime64(self.cube.months[place], "M") for place in (0, -1))
            place = self.cube.month_place
            keep &= place >= int(((first or zero) - zero).astype(int))
            # What is not dated has the number after the last month.
            keep &= place <= int((min(last or end, end) - zero).astype(int))
        return keep

    @property
    def clock(self) -> str:
        """Whose decisions count: initial or final."""
        return self.filters.clock

    @cached_property
    def used(self) -> np.ndarray:
        """Lines that count in a denominator: adjudicated, and on the final clock old enough."""
        return self.lines & self.cube.used[self.clock]

    @cached_property
    def _wanted(self) -> np.ndarray:
        """Used lines whose denial, if there is one, is of the category."""
        if self.filters.category is None:
            return self.used
        column = self.cube.columns[f"{self.clock}_category"]
        code = column.names.index(self.filters.category) if self.filters.category in column.names else -2
        return self.used & (column.code == code)

    def _outcome(self, name: str) -> np.ndarray:
        column = self.cube.columns[f"{self.clock}_outcome"]
        return self._wanted & (column.code == (column.names.index(name) if name in column.names else -2))

    @cached_property
    def denied(self) -> np.ndarray:
        """Lines denied as a whole (for the category)."""
        return self._outcome("denied")

    @cached_property
    def partly_denied(self) -> np.ndarray:
        """Lines denied in part (for the category)."""
        return self._outcome("partly denied")

    @cached_property
    def amount(self) -> np.ndarray:
        """Dollars denied of each line (for the category), 0 of those that do not count."""
        return np.where(self._wanted, self.cube.amount[self.clock], 0.0)

    def pairing(self, level: Level) -> Pairing:
        """The rows of pairs of a level."""
        return self.cube.code_pairs if level == "code" else self.cube.family_pairs

    def _of(self, within: Within, level: Level) -> np.ndarray:
        """Numbers of the pairs of a level within a procedure (family) and a diagnosis (family)."""
        keys = self.pairing(level).keys
        keep = np.ones(len(keys), dtype=bool)
        for name, value in zip(pair_columns(level), within, strict=True):
            if value is not None:
                keep &= (keys[name] == value).to_numpy()
        return np.flatnonzero(keep)

    def inside(self, within: Within = (None, None), *, level: Level = "family") -> np.ndarray:
        """Lines of the view that belong to a pair, as flags; all of them where no pair is named."""
        if within == (None, None):
            return self.lines
        key = (within, level)
        if key not in self._inside:
            chosen = np.zeros(len(self.lines), dtype=bool)
            chosen[self.pairing(level).lines_of(self._of(within, level))] = True
            self._inside[key] = self.lines & chosen
        return self._inside[key]

    def _those(self, flags: np.ndarray, within: Within) -> np.ndarray:
        """Of flagged lines of the view those of a pair of families."""
        return flags if within == (None, None) else flags & self.inside(within)

    def _kept(self, name: str, key: Any, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        """A result that is worked out once: an explorer asks for it again at every click."""
        if (name, key) not in self._results:
            self._results[name, key] = make()
        return self._results[name, key].copy()

    # -- what they say -----------------------------------------------------------------------------

    @cached_property
    def _totals(self) -> Totals:
        """Lines of each stratum; both levels share the strata."""
        return self.cube.code_pairs.totals(self.used, self.denied, self.cube.strata)

    def rates(self, within: Within = (None, None)) -> pd.DataFrame:
        """One row: n, denied, partly_denied, rate, low, high, denied_amount, charge_amount, dollar_rate.

        As ``denials.rates`` says of these lines; ``within``: lines of a procedure family and a diagnosis family.
        """
        return self._kept("rates", within, lambda: self._rates_of(within))

    def _rates_of(self, within: Within) -> pd.DataFrame:
        used, denied = self._those(self.used, within), self._those(self.denied, within)
        n, k = int(np.count_nonzero(used)), int(np.count_nonzero(denied))
        low, high = stats.wilson(k, n)
        # Not as products of vectors: the threads of BLAS would take the browser's processor.
        wanted = self._those(self._wanted, within)
        amount = float(self.cube.amount[self.clock][wanted].sum())
        charge = float(self.cube.charge[used].sum())
        row = {
            "n": n,
            "denied": k,
            "partly_denied": int(np.count_nonzero(self._those(self.partly_denied, within))),
            "rate": k / n if n else np.nan,
            "low": float(low),
            "high": float(high),
            "denied_amount": round(amount, 2),
            "charge_amount": round(charge, 2),
            "dollar_rate": amount / charge if charge > 0 else np.nan,
        }
        return self._attach(pd.DataFrame([row]), "denial rate of service lines", interval="95% Wilson")

    def change(self, within: Within = (None, None)) -> pd.DataFrame:
        """One row: rate and denied dollars of the period and of the one before it, with the difference of the rates.

        first, last, previous_first, previous_last (months); n, denied, rate and denied_amount of both; difference,
        difference_low, difference_high (95 %, Newcombe's interval 10 of two proportions: Stat. Med. 17 (1998)
        873). The period before has as many months. Where the data do not hold it whole, the later half of the
        period is compared with its earlier half. No row where the period has one month and none before.
        """
        return self._kept("change", within, lambda: self._change_of(within))

    def _change_of(self, within: Within) -> pd.DataFrame:
        chosen = self._periods()
        if chosen is None:
            return pd.DataFrame(columns=["first", "last", "previous_first", "previous_last"])
        (first, last), (before_first, before_last) = chosen
        now = self.cube.view(self.filters, first=first, last=last).rates(within).iloc[0]
        then = self.cube.view(self.filters, first=before_first, last=before_last).rates(within).iloc[0]
        row = {"first": first, "last": last, "previous_first": before_first, "previous_last": before_last}
        for name in ("n", "denied", "rate", "denied_amount"):
            row |= {name: now[name], f"previous_{name}": then[name]}
        low = np.hypot(now["rate"] - now["low"], then["high"] - then["rate"])
        high = np.hypot(now["high"] - now["rate"], then["rate"] - then["low"])
        row["difference"] = now["rate"] - then["rate"]
        row["difference_low"], row["difference_high"] = row["difference"] - low, row["difference"] + high
        return self._attach(
            pd.DataFrame([row]), "change of the denial rate on the period before", interval="95% Newcombe"
        )

    def _periods(self) -> tuple[tuple[str, str], tuple[str, str]] | None:
        """The period and the one before it, first and last month of each."""
        months = self.cube.months
        if not months:
            return None
        start, end = self.filters.first or months[0], self.filters.last or months[-1]
        first, last = (np.datetime64(month, "M") for month in (start, end))
        size = int((last - first).astype(int)) + 1
        if first - size < np.datetime64(months[0], "M"):
            size //= 2
            first = last - (size - 1)
        if size < 1:
            return None
        return (str(first), str(last)), (str(first - size), str(first - 1))

    def causes(self, within: Within = (None, None)) -> pd.DataFrame:
        """One row per root cause, the largest first, as ``denials.causes`` says of these lines.

        With a category chosen: one row per CARC of that category (``category`` reads ``CARC 16``).
        """
        return self._kept("causes", within, lambda: self._causes_of(within))

    def _causes_of(self, within: Within) -> pd.DataFrame:
        by = "category" if self.filters.category is None else "carc"
        column = self.cube.columns[f"{self.clock}_{by}"]
        denied, partly = self._those(self.denied, within), self._those(self.partly_denied, within)
        rows = np.flatnonzero(denied | partly)
        code, size = column.code[rows], len(column.names) + 1
        code = np.where(code < 0, size - 1, code)
        names = [*column.names, None]
        found = pd.DataFrame(
            {
                "key": names,
                "lines": np.bincount(code[denied[rows]], minlength=size),
                "partly_denied_lines": np.bincount(code[partly[rows]], minlength=size),
                "denied_amount": np.bincount(code, self.amount[rows], minlength=size).round(2),
            }
        )
        found = found[found["lines"] + found["partly_denied_lines"] > 0]
        found = found.sort_values(
            ["denied_amount", "lines", "key"], ascending=[False, False, True], ignore_index=True
        )
        weight = found["denied_amount"] if found["denied_amount"].sum() > 0 else found["lines"].astype(float)
        found["share"] = weight / (weight.sum() or np.nan)
        found["cumulative_share"] = found["share"].cumsum()
        flags = self.cube.flags if by == "category" else self.cube.carc_flags
        found[_FLAGS] = flags.reindex(found["key"])[_FLAGS].fillna("unknown").to_numpy()
        label = (
            found["key"]
            if by == "category"
            else [f"CARC {key}" if key else "no CARC" for key in found["key"]]
        )
        found.insert(0, "category", pd.Series(label, index=found.index, dtype="str"))
        return self._attach(
            found.drop(columns="key"), "denials by root cause" if by == "category" else "denials by CARC"
        )

    def trend(
        self,
        within: Within = (None, None),
        *,
        measure: Literal["lines", "charge"] = "lines",
        mature_share: float = MATURE_SHARE,
    ) -> pd.DataFrame:
        """One row per month of service: n, denied, rate, center, lower, upper, adjudicated_share, mature, signal.

        As ``denials.trend`` says of these lines. ``measure="charge"``: n are dollars charged, denied dollars
        denied; the limits are those of an individuals chart, center ± 3 · mean moving range / 1.128.
        """
        key = (within, measure, mature_share)
        return self._kept("trend", key, lambda: self._trend_of(within, measure, mature_share))

    def _trend_of(self, within: Within, measure: str, mature_share: float) -> pd.DataFrame:
        inside, used = self.inside(within), self._those(self.used, within)
        lines, adjudicated = self._by_month(inside), self._by_month(used)
        if measure == "charge":
            n = self._by_month(used, self.cube.charge).round(2)
            denied = self._by_month(used, self.amount).round(2)
        else:
            n, denied = adjudicated, self._by_month(self._those(self.denied, within))
        period = np.datetime64(self.cube.months[0] if self.cube.months else "1970-01", "M") + np.arange(
            len(lines)
        )
        there = lines > 0
        with np.errstate(invalid="ignore", divide="ignore"):
            share = adjudicated / lines
            ended = (period + 1).astype("datetime64[D]") <= (
                self.cube.last_day or np.datetime64("NaT")
            ) + np.timedelta64(1, "D")
        found = pd.DataFrame(
            {"period": period.astype("datetime64[s]"), "n": n, "denied": denied, "adjudicated_share": share}
        )
        found["mature"] = (share >= mature_share) & ended
        found = _limits(found[there].reset_index(drop=True), measure)
        unit = "service lines" if measure == "lines" else "US dollars"
        return self._attach(
            found, f"{self.clock} denial rate of {unit} by month of service",
            limits="Laney p', 3 sigma" if measure == "lines" else "individuals chart, 3 sigma",
            mature=f"at least {mature_share:.0%} of the month's lines adjudicated", unit=unit,
        )  # fmt: skip

    def _by_month(self, flags: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
        """Flagged lines, or the sum of their weight, by month, from the first month of the cube to the last."""
        months = self.cube.months
        size = (
            0
            if not months
            else int((np.datetime64(months[-1], "M") - np.datetime64(months[0], "M")).astype(int)) + 1
        )
        rows = np.flatnonzero(flags)
        weights = None if weight is None else weight[rows]
        return np.bincount(self.cube.month_place[rows], weights, minlength=size + 1)[:size]

    # -- pairs -------------------------------------------------------------------------------------

    @cached_property
    def _by_level(self) -> dict[tuple[Level, int], pd.DataFrame]:
        return {}

    def by_pair(
        self, within: Within = (None, None), *, level: Level = "code", min_lines: int = 30
    ) -> pd.DataFrame:
        """One row per procedure and diagnosis (families) of at least ``min_lines`` used lines, ranked.

        As ``denials.by_pair`` says of these lines: what is expected comes from the lines of the view.
        ``within``: only the pairs of a procedure family and a diagnosis family; the q-values stay those of all.
        """
        if min_lines < 1 or level not in ("code", "family"):
            raise ArgumentError(
                f"min_lines={min_lines!r}, level={level!r}: expected 1 or more; code or family"
            )
        key = (level, min_lines)
        if key not in self._by_level:
            counts = self.pairing(level).counts(
                self._rows_of(level, min_lines), self.denied, self.amount, totals=self._totals,
                tops={name: self.cube.columns[f"{self.clock}_{name}"] for name in ("category", "carc")},
            )  # fmt: skip
            self._by_level[key] = judge(counts, list(pair_columns(level)), level)
        found = self._by_level[key]
        for name, value in zip(pair_columns("family"), within, strict=True):
            if value is not None:
                found = found[found[name] == value]
        return self._attach(
            found.reset_index(drop=True), f"{self.clock} denials by procedure x diagnosis {level}",
            exclusions=f"lines without procedure or diagnosis, not adjudicated; pairs under {min_lines} lines",
            expected="other lines of the same procedure, payer, place and quarter of service, of those shown",
            family_size=int(self._by_level[key]["p_value"].notna().sum()), q_threshold=Q_THRESHOLD,
        )  # fmt: skip

    def _rows_of(self, level: Level, min_lines: int) -> Used:
        """Used lines by pair; the root cause does not change them."""
        key = (level, min_lines, replace(self.filters, category=None))
        kept = self.cube.kept_rows
        if key not in kept:
            while len(kept) >= KEPT_ROWS:
                del kept[next(iter(kept))]
            kept[key] = self.pairing(level).rows_of(self.used, min_lines)
        return kept[key]

    def facts(self, pairs: pd.DataFrame, *, level: Level = "code") -> pd.DataFrame:
        """One row per used line and pair of those given: the pair, person_id, adjudicated, denied."""
        return cube_rows.facts(self, pairs, level=level)

    def worklist(self, within: Within = (None, None), *, level: Level = "family") -> pd.DataFrame:
        """One row per denied or partly denied line, the most dollars first: who, when, what, why, how much.

        claim_id, claim_line_number, person_id, payer, billing_npi, place, service_date, hcpcs_code,
        diagnosis_codes (those that the line points to), outcome, category, carc, charge_amount, denied_amount,
        final_outcome.
        """
        return self._attach(cube_rows.worklist(self, within, level=level), "denied lines to look at")

    def page(self, pair: tuple[str, str], *, start: int = 0, count: int = 10) -> tuple[pd.DataFrame, int]:
        """Keys of some lines of a pair of codes, denied ones first, by dollars; and how many lines there are."""
        return cube_rows.page(self, pair, start=start, count=count)

    def _attach(self, frame: pd.DataFrame, measure: str, **more: Any) -> pd.DataFrame:
        """``frame`` with its contract, which names the filters."""
        chosen = {name: value for name, value in vars(self.filters).items() if value is not None}
        category = f" for {self.filters.category}" if self.filters.category else ""
        default: dict[str, Any] = {"exclusions": "not adjudicated", "rows_left_out": 0}
        if self.clock == "final":
            default = {
                "exclusions": "not adjudicated, or first adjudicated lately",
                "rows_left_out": self.cube.left_out,
            }
        return attach(
            frame, measure=measure, numerator=f"lines denied{category}, and dollars that denial CARCs took",
            denominator="lines adjudicated that pass the filters", clock=CLOCKS[self.clock],
            **(default | {"filters": chosen} | more),
        )  # fmt: skip


def _month(name: str, value: str | None) -> np.datetime64 | None:
    """A month as written ``2024-01``; ArgumentError for what is none."""
    if value is None:
        return None
    try:
        return np.datetime64(value, "M")
    except (ValueError, TypeError):
        raise ArgumentError(f"{name}: found {value!r}; write a month as 2024-01") from None


def _limits(found: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Rate and limits of months, from the mature ones."""
    n, denied = found["n"].to_numpy(float), found["denied"].to_numpy(float)
    mature = found["mature"].to_numpy(bool) & (n > 0)
    if measure == "lines":
        chart = stats.laney_p_prime(denied, n, use=mature)
        rate, center = chart["rate"].to_numpy(), chart["center"].to_numpy()
        lower, upper = np.clip(chart["lower"].to_numpy(), 0, 1), np.clip(chart["upper"].to_numpy(), 0, 1)
    else:
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = np.where(n > 0, denied / n, np.nan)
        total = n[mature].sum()
        center = np.full(len(n), denied[mature].sum() / total if total > 0 else np.nan)
        half = 3 * np.abs(np.diff(rate[mature])).mean() / _D2 if mature.sum() > 1 else np.nan
        lower, upper = np.clip(center - half, 0, 1), np.clip(center + half, 0, 1)
    signal = mature & ((rate < lower) | (rate > upper))
    found = found.assign(rate=rate, center=center, lower=lower, upper=upper, signal=signal)
    order = ["period", "n", "denied", "rate", "center", "lower", "upper"]
    return found[[*order, "adjudicated_share", "mature", "signal"]]
