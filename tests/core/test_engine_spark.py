"""What the second engine does with statements that were written for the first."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize("engine", ["spark"])
def test_every_materialized_cte_is_computed_once(
    spark_session: Any, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    from cpticd.core import engine_spark

    computed = []
    compute = engine_spark._computed
    monkeypatch.setattr(
        engine_spark, "_computed", lambda frame: computed.append(frame.columns) or compute(frame)
    )
    found = engine_spark.SparkEngine(spark_session).fetch(
        "WITH a AS MATERIALIZED (SELECT 1 AS one), b AS (SELECT one + 1 AS two FROM a), "
        "c AS MATERIALIZED (SELECT two + 1 AS three FROM b), d AS MATERIALIZED (SELECT three + 1 AS four FROM c) "
        "SELECT one, two, three, four FROM a, b, c, d"
    )
    assert found.to_pylist() == [{"one": 1, "two": 2, "three": 3, "four": 4}]
    assert computed == [["one"], ["three"], ["four"]]
