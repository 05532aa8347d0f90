"""Both ledgers added up: a small table in, one row out."""

from __future__ import annotations

import pytest

from cpticd.core.errors import ArgumentError
from cpticd.specificity.ledger_totals import totals
from tests.spec import frame, shown

LEDGERS = frame(
    """
    diagnosis_family | unspecified_lines | denied_lines | denied_allowed_amount | excess_allowed_amount | excess_low_amount | excess_high_amount | gaps | expected_gaps | expected_score | expected_dollars | pays_twice
    A                | 10                | 4            | 100.5                 | 20.25                 | -5                | 45                 | 3    | 1.5           | 0.25           |                  | 1
    B                | 5                 | 1            | 50.25                 | -10                   | -30               | 10                 |      |               |                |                  | 0
    """
)
LEDGERS = LEDGERS.astype(dict.fromkeys(LEDGERS.columns[1:], float))
NAMES = ("unspecified_lines", "denied_lines", "denied_allowed_amount", "excess_allowed_amount", "gaps", "expected_gaps",
         "expected_score", "expected_dollars", "pays_twice", "excess_low_amount", "excess_high_amount")  # fmt: skip


def test_sums_of_families() -> None:
    assert shown(totals(LEDGERS), *NAMES) == [(15, 5, 150.75, 10.25, 3, 1.5, 0.25, None, 1, None, None)]


def test_one_family_keeps_its_interval() -> None:
    assert shown(totals(LEDGERS.head(1)), *NAMES[-2:]) == [(-5, 45)]
    assert shown(totals(LEDGERS.tail(1)), "gaps", "expected_score") == [(0, None)]


def test_other_frames_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"no column \['gaps'\]; give what specificity\.two_ledgers"):
        totals(LEDGERS.drop(columns="gaps"))
