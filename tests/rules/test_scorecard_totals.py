"""A scorecard with its findings and worklist added up, and the claims that evidence cites: tables as text."""

from __future__ import annotations

import math

import pytest

from cpticd.rules.citations import cited
from cpticd.rules.scorecard_totals import totals
from tests.spec import claims_of, frame, shown

NUMBERS = ("flagged_lines", "denied_lines", "related_lines", "low", "high", "caught_amount", "paid_amount")
CARD = frame(
    """
    rule | payer | flagged_lines | denied_lines | related_lines | low  | high | caught_amount | paid_amount
    a    | North | 40            | 10           | 4             | 0.14 | 0.40 | 1000.10       | 500.00
    a    | South | 10            | 5            | 5             | 0.24 | 0.76 | 200.20        | 0.00
    """
).astype(dict.fromkeys(NUMBERS, float))
FINDINGS = frame(
    "claim_id | rule | evidence\nA | a | as claim B2 of 2025\nA | b | none\nC | a | beside B2; D."
)
WORK = frame("claim_id | expected_saved_amount\nA | 12.50\nC | 7.25").astype({"expected_saved_amount": float})


def test_sums_over_rules_and_payers() -> None:
    found = totals(CARD, FINDINGS, WORK)
    names = ["findings", "rules", "flagged_lines", "denied_lines", "precision", "related_precision", "caught_amount",
             "paid_amount", "lines", "expected_saved_amount", "low"]  # fmt: skip
    assert shown(found, *names) == [(3, 2, 50, 15, 0.3, 0.18, 1200.3, 500.0, 2, 19.75, None)]


def test_one_row_keeps_its_interval_and_none_is_nothing() -> None:
    one = totals(CARD.head(1), FINDINGS, WORK).iloc[0]
    assert (one["precision"], one["low"], one["high"]) == (0.25, 0.14, 0.40)
    none = totals(CARD.head(0), FINDINGS.head(0), WORK.head(0)).iloc[0]
    assert none["flagged_lines"] == 0
    assert math.isnan(none["precision"])


def test_cited_claims_are_those_that_there_are() -> None:
    claims = claims_of(claims="claim_id\nA\nB2\nC\nD\n2025x", lines="claim_id | claim_line_number\nA | 1")
    assert cited(claims, FINDINGS) == ["B2", "D"]
    assert cited(claims, FINDINGS.head(0)) == []
    with pytest.raises(KeyError):
        cited(claims, FINDINGS.drop(columns="evidence"))
