"""What a report tells: each analysis run once, or the reason why the data does not allow it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from cpticd import denials
from cpticd.charts import format as fmt
from cpticd.core.contract import carry
from cpticd.core.errors import CpticdError
from cpticd.reporting import coding, risk

if TYPE_CHECKING:
    from cpticd.claims import Claims

Analysis = Callable[["Claims", int], pd.DataFrame]

#: Every part of a report in the order in which it is gathered: name, what the progress bar says, how.
PARTS: Final[tuple[tuple[str, str, Analysis], ...]] = (
    ("summary", "summary", lambda claims, _: claims.summary()),
    ("accounting", "accounting", lambda claims, _: claims.accounting()),
    ("rejects", "rejects", lambda claims, _: claims.rejects),
    ("lines", "denial rate of lines", lambda claims, _: denials.rates(claims)),
    ("claims", "denial rate of claims", lambda claims, _: denials.rates(claims, measure="claims")),
    ("charge", "denial rate of dollars", lambda claims, _: denials.rates(claims, measure="charge")),
    ("final", "final denial rate", lambda claims, _: denials.rates(claims, clock="final")),
    ("payers", "payers", lambda claims, _: denials.rates(claims, by="payer")),
    ("causes", "root causes", lambda claims, _: denials.causes(claims)),
    ("pairs", "pairs", lambda claims, least: denials.by_pair(claims, min_lines=least)),
    (
        "payer_pairs",
        "pairs by payer",
        lambda claims, least: denials.by_pair(claims, by="payer", min_lines=least),
    ),
    ("families", "families", lambda claims, least: denials.by_pair(claims, level="family", min_lines=least)),
    ("trend", "trend", lambda claims, _: denials.trend(claims)),
    ("delay", "payment delay", lambda claims, _: denials.payment_delay(claims)),
    ("silent", "silent denials", lambda claims, _: denials.silent(claims)),
)
#: How many steps :func:`gather` tells of.
STEPS: Final = len(PARTS) + len(coding.PARTS) + len(risk.PARTS)


@dataclass
class Findings:
    """The results of :data:`PARTS`, ``coding.PARTS`` and ``risk.PARTS`` by name; what failed is in ``reasons`` instead.

    Once they went through disclosure control (``cpticd.reporting.leaving``): ``minimum``, the fewest persons of a cell;
    ``said``, of each table how many counts it has and lost; ``rule_findings``, findings of each rule as they may leave.
    """

    frames: dict[str, pd.DataFrame] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    min_lines: int = 30
    minimum: int = 1
    said: dict[str, dict[str, int]] = field(default_factory=dict)
    rule_findings: dict[str, Any] | None = None

    def get(self, name: str) -> pd.DataFrame:
        """One part's rows; none where it is missing."""
        return self.frames.get(name, pd.DataFrame())

    def has(self, name: str) -> bool:
        return not self.get(name).empty

    @property
    def has_payer_pairs(self) -> bool:
        """Whether pairs by payer tell more than pairs alone."""
        return self.has("payer_pairs") and len(self.get("payers")) > 1

    def reason(self, name: str, otherwise: str) -> str:
        """Why a part has no rows."""
        return self.reasons.get(name, otherwise)


def gather(
    claims: Claims,
    *,
    min_lines: int = 30,
    risk_options: risk.Options | None = None,
    coding_options: coding.Options | None = None,
    step: Callable[[str], None] = lambda _: None,
) -> Findings:
    """Run every analysis once. ``step`` is told the name of each before it starts.

    An analysis that the data does not allow raises the package's own error, which becomes the reason that
    the report prints in that section; any other error is a fault of the package and is not hidden.
    """
    found = Findings(min_lines=min_lines)
    for name, label, analysis in PARTS:
        step(label)
        try:
            found.frames[name] = analysis(claims, min_lines)
        except CpticdError as error:
            found.reasons[name] = str(error)
    if found.has("silent"):
        found.frames["takebacks"] = takeback_counts(found.get("silent"))
    coding.gather(claims, found, coding_options or coding.Options(), step)
    risk.gather(claims, found, risk_options or risk.Options(), step)
    return found


def accounting_by_table(accounting: pd.DataFrame) -> pd.DataFrame:
    """One row per table: how many sources it came from, rows and dollars over all of them."""
    if accounting.empty:
        return accounting
    sums = ["read", "loaded", "rejected", "amount_read", "amount_loaded", "amount_rejected"]
    grouped = accounting.groupby("table_name", sort=False, observed=True)
    # min_count: no dollars at all is missing, not zero.
    summed = grouped[sums].sum(min_count=1)
    return summed.assign(sources=grouped["source"].nunique()).reset_index()[["table_name", "sources", *sums]]


def reject_counts(rejects: pd.DataFrame) -> pd.DataFrame:
    """One row per table, action and reason of rejects: sources and rows; contents stay out of reports."""
    keys = ["table_name", "action", "reason"]
    if rejects.empty:
        return pd.DataFrame(columns=[*keys, "sources", "rows"])
    grouped = rejects.groupby(keys, dropna=False, observed=True)["source"]
    counted = grouped.agg(sources="nunique", rows="size").reset_index()
    # What was lost stands before what was mended.
    order = counted["action"].map({"rejected": 0, "repaired": 1, "noted": 2})
    counted = counted.assign(order=order).sort_values(
        ["order", "rows", *keys], ascending=[True, False, True, True, True]
    )
    return counted.drop(columns="order").reset_index(drop=True)


def takeback_counts(silent: pd.DataFrame) -> pd.DataFrame:
    """One row per payer and kind of silent denial: lines and dollars."""
    if silent.empty:
        return pd.DataFrame(columns=["payer", "kind", "lines", "amount"])
    counted = silent.groupby(["payer", "kind"], dropna=False, observed=True).agg(
        lines=("claim_id", "size"), amount=("amount", "sum")
    )
    counted = counted.reset_index().sort_values(["lines", "payer", "kind"], ascending=[False, True, True])
    counted = counted.reset_index(drop=True)
    return carry(silent, counted)


def top_pairs(pairs: pd.DataFrame, count: int = 15) -> pd.DataFrame:
    """The first-ranked pairs with the columns that fit a page, their first category and CARC in one."""
    if pairs.empty:
        return pairs
    # What is suppressed is no finding to look at first.
    first = pairs[pairs["rate"].notna()].head(count)
    causes = [
        fmt.text(category) if fmt.text(carc) == fmt.MISSING else f"{category} (CARC {carc})"
        for category, carc in zip(first["top_category"], first["top_carc"], strict=True)
    ]
    columns = [
        *(["payer"] if "payer" in first.columns else []),
        *("hcpcs_code", "diagnosis_code", "lines", "denied_lines", "rate", "low", "high", "expected_rate"),
        *("excess_denials", "q_value", "denied_amount"),
    ]
    return first[columns].assign(first_cause=causes)
