"""Fixtures that every test may use."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import cpticd as cx
from cpticd.claims import Claims
from tests.spec import SPEC, claims_of

ROOT = Path(__file__).resolve().parents[1]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With ``-n`` a file's tests stay together, so that its fixtures are made once; so do all that need Spark."""
    for item in items:
        on_spark = (
            "spark_session" in getattr(item, "fixturenames", ())
            or "[spark" in item.name
            or "spark]" in item.name
        )
        item.add_marker(pytest.mark.xdist_group("spark" if on_spark else item.nodeid.split("::")[0]))


def find_shared_data() -> Path:
    """Public claims samples beside the checkout; the calling test is skipped where they are absent."""
    folder = Path(os.environ.get("CPTICD_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"public sample data not found at {folder}; set CPTICD_SHARED_DATA")
    return folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of public sample data (x12/, desynpuf_2008/, …), or skip."""
    return find_shared_data()


@pytest.fixture(scope="session")
def spark_session() -> Iterator[Any]:
    """One local Spark session for the whole run, or skip where Spark or Java is not there."""
    pytest.importorskip("pyspark", reason="the extra 'spark' is not installed")
    if not shutil.which("java") and not os.environ.get("JAVA_HOME"):
        pytest.skip("Spark needs a Java runtime")
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.default.parallelism", "1")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.log.level", "ERROR")
        .getOrCreate()
    )
    yield session
    session.stop()


@pytest.fixture(scope="session", params=["duckdb", "spark"])
def spec(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Claims:
    """The claims of ``tests/spec.py`` on each engine, every view derived by it."""
    claims = claims_of(**SPEC)
    if request.param == "duckdb":
        return claims
    folder = claims.save(tmp_path_factory.mktemp("spec") / "claims")
    return cx.open(folder, engine="spark", session=request.getfixturevalue("spark_session")).use()
