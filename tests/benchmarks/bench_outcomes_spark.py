"""Residual, its months and the worklist come out alike on DuckDB and Spark: a minute or more, so not in the default run.

python -m pytest tests/benchmarks/bench_outcomes_spark.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

import cpticd as cx
from tests.rules.cases_outcomes import judged
from tests.rules.test_prebill import OPEN, _rows
from tests.rules.test_residual import NONE, _policy


def test_a_policy_is_the_same_on_spark(spark_session: Any, tmp_path: Path) -> None:
    claims = judged(_policy())
    twin = cx.open(claims.save(tmp_path / "claims"), engine="spark", session=spark_session).with_references()
    found = cx.rules.residual(claims, NONE)
    assert len(found) == 1
    pd.testing.assert_frame_equal(found, cx.rules.residual(twin, NONE))
    months = cx.rules.residual_months(claims, NONE, found)
    pd.testing.assert_frame_equal(months, cx.rules.residual_months(twin, NONE, found))


def test_a_worklist_is_the_same_on_spark(spark_session: Any, tmp_path: Path) -> None:
    claims = judged(_rows())
    twin = cx.open(claims.save(tmp_path / "claims"), engine="spark", session=spark_session).with_references()
    pd.testing.assert_frame_equal(cx.rules.prebill(claims, OPEN), cx.rules.prebill(twin, OPEN))
