"""Rules come out alike on DuckDB and Spark, and whichever analyses are at work beside them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import cpticd as cx
from cpticd.rules.clusters import residual_months
from cpticd.rules.findings import by_rule
from tests.rules.cases_outcomes import judged
from tests.rules.test_prebill import OPEN, _rows
from tests.rules.test_residual import NONE, _policy


@pytest.mark.every_engine
def test_a_policy_is_the_same_on_spark(spark_session: Any, tmp_path: Path) -> None:
    claims = judged(_policy())
    twin = cx.open(claims.save(tmp_path / "claims"), engine="spark", session=spark_session).with_references()
    found = cx.rules.residual(claims, NONE)
    assert len(found) == 1
    pd.testing.assert_frame_equal(found, cx.rules.residual(twin, NONE))
    months = residual_months(claims, NONE, found)
    pd.testing.assert_frame_equal(months, residual_months(twin, NONE, found))


@pytest.mark.every_engine
def test_a_worklist_and_a_card_by_diagnosis_are_the_same_on_spark(spark_session: Any, tmp_path: Path) -> None:
    claims = judged(_rows())
    twin = cx.open(claims.save(tmp_path / "claims"), engine="spark", session=spark_session).with_references()
    pd.testing.assert_frame_equal(cx.rules.prebill(claims, OPEN), cx.rules.prebill(twin, OPEN))
    pd.testing.assert_frame_equal(by_rule(claims, OPEN), by_rule(twin, OPEN))
    by = ["diagnosis_code", "month"]
    pd.testing.assert_frame_equal(
        cx.rules.scorecard(claims, OPEN, by=by, min_lines=1),
        cx.rules.scorecard(twin, OPEN, by=by, min_lines=1),
    )


@pytest.mark.thorough
def test_six_at_once_give_what_each_gives_alone() -> None:
    simulated = cx.simulate(persons=150, seed=3)
    claims, planted = simulated.claims, simulated.truth["rule_violations"]
    tables = cx.simulation.rule_tables()
    clusters = cx.rules.residual(claims, planted, min_denied=2, min_persons=1, q_threshold=1.0)
    calls = [
        lambda: cx.rules.check(claims, ["bundling", "coverage", "laterality", "pointers"], tables=tables),
        lambda: cx.rules.scorecard(claims, planted, by=["payer", "diagnosis_family"]),
        lambda: cx.rules.residual(claims, planted, min_denied=2, min_persons=1, q_threshold=1.0),
        lambda: residual_months(claims, planted, clusters),
        lambda: cx.rules.prebill(claims, planted, adjudicated=True),
        lambda: cx.rules.scorecard(claims.where(payer=claims.table("claims")["payer"].min()), planted),
    ]
    alone = [call() for call in calls]
    assert all(len(frame) for frame in alone)
    with ThreadPoolExecutor(len(calls)) as pool:
        together = [future.result() for future in [pool.submit(call) for call in calls]]
    for one, other in zip(alone, together, strict=True):
        pd.testing.assert_frame_equal(one, other)
