"""What chosen lines say: rates, causes, trend, pairs and a worklist, each as the analysis of its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Any, Final

import numpy as np
import pandas as pd

from cpticd.core.contract import CLOCKS, attach
from cpticd.core.errors import ArgumentError
from cpticd.denials import cause_shares, clustered, cube_periods, cube_rows, cube_sums
from cpticd.denials.cube_choice import Choice
from cpticd.denials.cube_chosen import Chosen, Columns, Within, pair_columns
from cpticd.denials.cube_pairs import Totals
from cpticd.denials.named_causes import Causes, said
from cpticd.denials.pair_leaves import Q_THRESHOLD
from cpticd.denials.pair_rates import judge
from cpticd.denials.pair_sources import Grain
from cpticd.denials.rates import Decision
from cpticd.denials.trend import MATURE_SHARE

_FLAGS: Final = ["coding_related", "diagnosis_related", "preventable"]


class View(Chosen):
    """The lines of a cube that meet the criteria of ``cube.view(…)``; its methods are the analyses of these lines.

    ``within`` of a method restricts it to the lines of a procedure family and a diagnosis family.
    """

    def __init__(
        self, cube: Columns, choice: Choice, *, decision: Decision = "initial", category: Causes = None
    ) -> None:
        super().__init__(cube, choice, decision=decision, category=category)
        self._results: dict[tuple[str, Any], pd.DataFrame] = {}

    def _kept(self, name: str, key: Any, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        """A result that is worked out once: an explorer asks for it again at every click."""
        if (name, key) not in self._results:
            self._results[name, key] = make()
        return self._results[name, key].copy()

    def rates(self, within: Within = (None, None)) -> pd.DataFrame:
        """One row: n, denied, partly_denied, rate, its interval, denied_amount, charge_amount, dollar_rate, …

        As ``denials.rates`` says of these lines.
        """
        return self._kept("rates", within, lambda: self._rates_of(within))

    def _rates_of(self, within: Within) -> pd.DataFrame:
        used, denied = self.those(self.used, within), self.those(self.denied, within)
        n, k = int(np.count_nonzero(used)), int(np.count_nonzero(denied))
        made = cube_sums.rate(self.cube.clusters, used, denied)
        # Not as products of vectors: the threads of BLAS would take the browser's processor.
        amount = float(self.cube.amount[self.decision][self.those(self.wanted, within)].sum())
        charge = float(self.cube.charge[used].sum())
        row = {
            "n": n,
            "denied": k,
            "partly_denied": int(np.count_nonzero(self.those(self.partly_denied, within))),
            "rate": k / n if n else np.nan,
            "low": float(made.low[0]),
            "high": float(made.high[0]),
            "denied_amount": round(amount, 2),
            "charge_amount": round(charge, 2),
            "dollar_rate": amount / charge if charge > 0 else np.nan,
            "design_effect": float(made.design_effect[0]),
            "effective_lines": float(n / made.design_effect[0]),
        }
        return self._attach(
            pd.DataFrame([row]), "denial rate of service lines", interval=clustered.words(0.95, dollars=False)
        )

    def change(self, within: Within = (None, None)) -> pd.DataFrame:
        """One row: rate and denied dollars of the period and of the one before it, with the difference of the rates.

        first, last, previous_first, previous_last (months, or days where the period is not of whole months); n,
        denied, rate and denied_amount of both; difference, difference_low, difference_high (95 %, Newcombe's interval
        10 of two proportions: Stat. Med. 17 (1998) 873; of effective lines). The period before is as long. Where the
        data do not hold it whole, the later half of the period is compared with its earlier half. No row where there is
        nothing to compare.
        """
        return self._kept("change", within, lambda: self._change_of(within))

    def _change_of(self, within: Within) -> pd.DataFrame:
        periods, views = cube_periods.compared(self.cube, self.choice), self.periods()
        if periods is None or views is None:
            return pd.DataFrame(columns=["first", "last", "previous_first", "previous_last"])
        now, then = (view.rates(within).iloc[0] for view in views)
        return self._attach(
            pd.DataFrame([cube_periods.change(now, then, periods)]),
            "change of the denial rate on the period before",
            interval="95% Newcombe of effective lines, the two periods taken as independent",
        )

    def periods(self) -> tuple[View, View] | None:
        """The two views that :meth:`change` compares: of the period, and of the one before it."""
        found = cube_periods.compared(self.cube, self.choice)
        if found is None:
            return None
        of = {"decision": self.decision, "category": self.category}
        now, then = (View(self.cube, replace(self.choice, dates=dates), **of) for _, _, dates in found)  # type: ignore[arg-type]
        return now, then

    def causes(self, within: Within = (None, None)) -> pd.DataFrame:
        """One row per root cause, the largest first, as ``denials.causes`` says of these lines.

        With one category chosen: one row per CARC of that category (``category`` reads ``CARC 16``).
        """
        return self._kept("causes", within, lambda: self._causes_of(within))

    def _causes_of(self, within: Within) -> pd.DataFrame:
        by = "carc" if isinstance(self.category, str) else "category"
        column = self.cube.columns[f"{self.decision}_{by}"]
        denied, partly = self.those(self.denied, within), self.those(self.partly_denied, within)
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
        dollars = found["denied_amount"].sum() > 0
        weights = self.amount[rows] if dollars else denied[rows].astype(float)
        sums = cube_sums.shares(self.cube.clusters, rows, code, weights, size)
        there = (found["lines"] + found["partly_denied_lines"] > 0).to_numpy()
        found = found[there].assign(**cause_shares.of(sums[there]))
        found = found.sort_values(
            ["denied_amount", "lines", "key"], ascending=[False, False, True], ignore_index=True
        )
        weight = found["denied_amount"] if dollars else found["lines"].astype(float)
        found["share"] = weight / (weight.sum() or np.nan)
        found["cumulative_share"] = found["share"].cumsum()
        found[_FLAGS] = self.cube.flags[by].reindex(found["key"])[_FLAGS].fillna("unknown").to_numpy()
        label = (
            found["key"]
            if by == "category"
            else [f"CARC {key}" if key else "no CARC" for key in found["key"]]
        )
        found.insert(0, "category", pd.Series(label, index=found.index, dtype="str"))
        found = found[
            [name for name in found if name not in {"key", *cause_shares.COLUMNS}] + [*cause_shares.COLUMNS]
        ]
        return self._attach(
            found, "denials by root cause" if by == "category" else "denials by CARC",
            interval=clustered.words(0.95, dollars=True) + ", of share",
        )  # fmt: skip

    def trend(
        self,
        within: Within = (None, None),
        *,
        unit: cube_periods.Unit = "lines",
        mature_share: float = MATURE_SHARE,
    ) -> pd.DataFrame:
        """One row per month of service: n, denied, rate, its limits, adjudicated_share, mature, signal, direction.

        As ``denials.trend`` says of these lines, without changes. ``unit="charge"``: n are dollars charged, denied
        dollars denied; the limits are those of an individuals chart, center ± 3 · mean moving range / 1.128.
        """
        if unit not in ("lines", "charge"):
            raise ArgumentError(f"unit={unit!r}: expected lines or charge")
        key = (within, unit, mature_share)
        return self._kept("trend", key, lambda: self._trend_of(within, unit, mature_share))

    def _trend_of(self, within: Within, unit: cube_periods.Unit, mature_share: float) -> pd.DataFrame:
        words = "service lines" if unit == "lines" else "US dollars"
        return self._attach(
            cube_periods.months(self, within, unit, mature_share),
            f"{self.decision} denial rate of {words} by month of service",
            limits="Laney p', 3 sigma" if unit == "lines" else "individuals chart, 3 sigma",
            mature=f"at least {mature_share:.0%} of the month's lines adjudicated", unit=words,
        )  # fmt: skip

    # -- pairs -------------------------------------------------------------------------------------

    @cached_property
    def _totals(self) -> Totals:
        """Lines of each stratum; both grains share the strata."""
        return self.pairing("code").totals(self.used, self.denied, self.cube.strata)

    def by_pair(
        self, within: Within = (None, None), *, grain: Grain = "code", min_lines: int = 30
    ) -> pd.DataFrame:
        """One row per procedure and diagnosis (families) of at least ``min_lines`` used lines, ranked.

        As ``denials.by_pair`` says of these lines: what is expected comes from the lines of the view.
        ``within``: only the pairs of a procedure family and a diagnosis family; the q-values stay those of all.
        """
        if min_lines < 1 or grain not in ("code", "family"):
            raise ArgumentError(
                f"min_lines={min_lines!r}, grain={grain!r}: expected 1 or more; code or family"
            )
        judged = self._kept("pairs", (grain, min_lines), lambda: self._judged(grain, min_lines))
        family_size, found = int(judged["p_value"].notna().sum()), judged
        for name, value in zip(pair_columns("family"), within, strict=True):
            if value is not None:
                found = found[found[name] == value]
        return self._attach(
            found.reset_index(drop=True), f"{self.decision} denials by procedure x diagnosis {grain}",
            exclusions=f"lines without procedure or diagnosis, not adjudicated; pairs under {min_lines} lines",
            expected="other lines of the same procedure, payer, place and quarter of service, of those shown",
            family_size=family_size, q_threshold=Q_THRESHOLD,
        )  # fmt: skip

    def _judged(self, grain: Grain, min_lines: int) -> pd.DataFrame:
        counts = self.pairing(grain).counts(
            self.rows_of(grain, min_lines), self.denied, self.amount, totals=self._totals,
            tops={name: self.cube.columns[f"{self.decision}_{name}"] for name in ("category", "carc")},
        )  # fmt: skip
        return judge(counts, list(pair_columns(grain)), grain)

    # -- lines -------------------------------------------------------------------------------------

    def facts(
        self, pairs: pd.DataFrame, *, grain: Grain = "code", within: Within = (None, None), alike: int
    ) -> pd.DataFrame:
        """One row per used line and pair: what disclosure control needs of these pairs, and of the lines ``within``."""
        return cube_rows.facts(self, pairs, grain=grain, within=within, alike=alike)

    def line_facts(self, within: Within = (None, None), *, alike: int) -> pd.DataFrame:
        """One row per person and outcome of used lines: person_id (a number), adjudicated, denied, partly_denied.

        Of persons with the same outcomes the first ``alike`` stand for all.
        """
        return cube_rows.line_facts(self, within, alike=alike)

    def worklist(self, within: Within = (None, None), *, grain: Grain = "family") -> pd.DataFrame:
        """One row per denied or partly denied line, the most dollars first: who, when, what, why, how much.

        claim_id, claim_line_number, person_id, payer, billing_npi, place, service_date, hcpcs_code,
        diagnosis_codes (those that the line points to), outcome, category, carc, charge_amount, denied_amount,
        final_outcome. ``within``: a pair of families, or of codes by ``grain="code"``.
        """
        return self._attach(cube_rows.worklist(self, within, grain=grain), "denied lines to look at")

    def page(self, pair: tuple[str, str], *, start: int = 0, count: int = 10) -> tuple[pd.DataFrame, int]:
        """Keys of some lines of a pair of codes, denied ones first, by dollars; and how many lines there are."""
        return cube_rows.page(self, pair, start=start, count=count)

    def _attach(self, frame: pd.DataFrame, measure: str, **more: Any) -> pd.DataFrame:
        """``frame`` with its contract, which names what was chosen."""
        causes = said(self.category)
        category = f" for {causes}" if causes else ""
        before = self.cube.selection
        chosen = before | {
            name: [before[name], value] if name in before else value
            for name, value in self.choice.terms.items()
        }
        default: dict[str, Any] = {"exclusions": "not adjudicated", "rows_left_out": self.left_out}
        if self.decision == "final":
            default["exclusions"] += ", or first adjudicated lately"
        return attach(
            frame, measure=measure, numerator=f"lines denied{category}, and dollars that denial CARCs took",
            denominator="lines adjudicated that meet the criteria", clock=CLOCKS[self.decision],
            **(default | {"selection": chosen, "category": causes or "any"} | more),
        )  # fmt: skip
