"""Data sets that lie where Spark reads them: a URI, a partitioned folder, a database of a catalog."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import cpticd as cx
from cpticd.core.errors import ArgumentError, InputError
from cpticd.core.schema import TABLES
from tests.spec import SPEC, claims_of, shown


def test_a_uri_is_opened_by_spark_alone() -> None:
    with pytest.raises(ArgumentError, match="engine='spark'"):
        cx.open("s3a://bucket/claims")


def found(claims: cx.Claims) -> list[tuple[Any, ...]]:
    return shown(cx.denials.by_pair(claims, by="payer", min_lines=1))


@pytest.mark.every_engine
def test_wherever_the_tables_lie_the_pairs_are_the_same(spark_session: Any, tmp_path: Path) -> None:
    claims = claims_of(**SPEC)
    expected, folder = found(claims), claims.save(tmp_path / "saved")
    saved = cx.open(folder.as_uri(), engine="spark", session=spark_session)
    assert found(saved) == expected

    lake = tmp_path / "lake"
    spark_session.sql("CREATE DATABASE IF NOT EXISTS warehouse")
    for file in sorted(folder.glob("*.parquet")):
        if file.stem in TABLES:
            frame = spark_session.read.parquet(str(file))
            if file.stem == "lines":
                frame.selectExpr("*", "month(claim_line_start_date) AS month").write.partitionBy(
                    "month"
                ).parquet(str(lake / "lines"))
            else:
                frame.write.parquet(str(lake / file.stem))
            frame.write.mode("overwrite").option("path", str(tmp_path / "w" / file.stem)).saveAsTable(
                f"warehouse.{file.stem}"
            )
    assert found(cx.open(lake.as_uri(), engine="spark", session=spark_session)) == expected
    assert found(cx.open("warehouse", engine="spark", session=spark_session)) == expected


@pytest.mark.every_engine
def test_what_is_no_data_set_of_claims_is_refused(spark_session: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no table claims, lines"):
        cx.open((tmp_path / "empty").as_uri(), engine="spark", session=spark_session)
    with pytest.raises(InputError, match="no table claims, lines"):
        cx.open("no_such_database", engine="spark", session=spark_session)
    folder = claims_of(**SPEC).save(tmp_path / "saved")
    (folder / "cpticd.json").unlink()
    rows = spark_session.read.parquet(str(folder / "diagnoses.parquet"))
    dotted = rows.selectExpr("* EXCEPT (diagnosis_code)", "concat(diagnosis_code, '.1') AS diagnosis_code")
    dotted.write.parquet(str(folder / "diagnoses"))
    (folder / "diagnoses.parquet").unlink()
    with pytest.raises(InputError, match="not in normal form"):
        cx.open(folder.as_uri(), engine="spark", session=spark_session)
