"""Coded and expected prevalence: counted by hand on small claims, on each engine; the interval against simulation."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

import cpticd as cx
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError
from cpticd.risk.prevalence import prevalence
from tests.spec import claims_of, frame

#: E11.22 is HCC 37 and N18.32 HCC 328 in V28; E11.9 is HCC 38. Four persons, one of them enrolled in 2024 only.
TABLES = {
    "members": """
        person_id | year | birth_date | sex
        p1        | 2025 | 1950-01-01 | female
        p2        | 2025 | 1951-01-01 | male
        p3        | 2025 |            |
        p4        | 2024 | 1950-01-01 | male
        p5        | 2025 | 1960-01-01 | male
    """,
    "claims": """
        claim_id | claim_type   | person_id | place_of_service_code | claim_start_date | claim_end_date
        V1       | professional | p1        | 11                    | 2025-03-01       | 2025-03-01
        V2       | professional | p1        | 11                    | 2025-04-01       | 2025-04-01
        V3       | professional | p2        | 11                    | 2025-05-01       | 2025-05-01
        LAB      | professional | p2        | 81                    | 2025-05-02       | 2025-05-02
        V4       | professional | p4        | 11                    | 2025-05-01       | 2025-05-01
        OLD      | professional | p5        | 11                    | 2024-05-01       | 2024-05-01
        V6       | professional | p3        | 11                    | 2025-05-01       | 2025-05-01
    """,
    "lines": """
        claim_id | claim_line_number | hcpcs_code
        V1       | 1                 | 99213
        V2       | 1                 | 99213
        V3       | 1                 | 99213
        LAB      | 1                 | 80053
        V4       | 1                 | 99213
        OLD      | 1                 | 99213
        V6       | 1                 | 99213
    """,
    "diagnoses": """
        claim_id | diagnosis_position | diagnosis_code
        V1       | 1                  | E11.22
        V2       | 1                  | E11.22
        V2       | 2                  | E11.9
        V3       | 1                  | E11.22
        LAB      | 1                  | N18.32
        V4       | 1                  | E11.22
        OLD      | 1                  | E11.22
        V6       | 1                  | E11.9
    """,
}


def rows(text: str) -> pd.DataFrame:
    return frame(text).astype({"confidence": float})


GAPS = rows(
    """
    person_id | hcc | kind        | status                 | confidence
    p5        | 37  | lapsed      | open                   | 0.8
    p3        | 37  | implied     | open                   | 0.5
    p3        | 37  | learned     | open                   | 0.2
    p2        | 328 | combination | open                   | 0.9
    p1        | 38  | lapsed      | closed by a higher HCC | 0.9
    """
)
UNSUPPORTED = rows(
    """
    person_id | hcc | confidence
    p2        | 37  | 0.4
    """
)


@pytest.fixture(scope="module", params=["duckdb", "spark"])
def result(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    claims: Claims = claims_of(**TABLES)
    if request.param == "spark":
        folder = claims.save(tmp_path_factory.mktemp("prevalence") / "claims")
        claims = cx.open(folder, engine="spark", session=request.getfixturevalue("spark_session"))
    return prevalence(claims, GAPS, UNSUPPORTED, year=2025).set_index("hcc")


def test_coded_and_expected_are_counted_over_enrolled_persons(result: pd.DataFrame) -> None:
    assert list(result.index) == ["37", "38", "328"]
    assert set(result["persons"]) == {4}
    # 37: p1 and p2; p4 is not enrolled, p5 was coded the year before. 328: on a laboratory claim alone.
    assert result["coded_persons"].to_dict() == {"37": 2, "38": 2, "328": 0}
    assert result["open_gaps"].to_dict() == {"37": 2, "38": 0, "328": 1}
    expected = {"37": (2 - 0.4 + 0.8 + 0.5) / 4, "38": 2 / 4, "328": 0.9 / 4}
    assert result["expected"].to_dict() == pytest.approx(expected)
    assert result.loc["37", "label"].startswith("Diabetes")


def test_expected_stays_within_what_the_lists_allow(result: pd.DataFrame) -> None:
    assert (result["expected_low"] <= result["expected"]).all()
    assert (result["expected"] <= result["expected_high"]).all()
    spread = 1.959964 * (0.4 * 0.6 + 0.8 * 0.2 + 0.5 * 0.5) ** 0.5
    assert result.loc["37", "expected_low"] == pytest.approx((2.9 - spread) / 4)
    assert result.loc["37", "expected_high"] == 1.0
    assert tuple(result.loc["38", ["expected_low", "expected_high"]]) == (0.5, 0.5)
    assert result.loc["328", "expected_high"] == 0.25


def test_the_contract_says_what_was_counted() -> None:
    result = prevalence(claims_of(**TABLES), GAPS, UNSUPPORTED, year=2025)
    said = cx.contract(result)
    assert said["denominator"] == "persons enrolled in 2025"
    assert (said["model"], said["payment_year"]) == ("V28", 2026)
    assert json.dumps(result.attrs)


def test_the_interval_holds_what_coins_of_those_confidences_show() -> None:
    rng = np.random.default_rng(3)
    chances = rng.uniform(0.1, 0.9, 60)
    many = pd.DataFrame(
        {"person_id": [f"q{i}" for i in range(60)], "hcc": "37", "status": "open", "confidence": chances}
    )
    result = prevalence(claims_of(**TABLES), many, UNSUPPORTED.head(0), year=2025).set_index("hcc").loc["37"]
    drawn = 2 + (rng.random((20_000, 60)) < chances).sum(axis=1)
    inside = (drawn >= 4 * result["expected_low"]) & (drawn <= 4 * result["expected_high"])
    assert 0.93 <= inside.mean() <= 0.97
    assert 4 * result["expected"] == pytest.approx(drawn.mean(), abs=0.2)


def test_what_does_not_count_today_is_not_taken_away() -> None:
    listed = UNSUPPORTED.assign(counted=False)
    result = prevalence(claims_of(**TABLES), GAPS.head(0), listed, year=2025)
    assert result["expected"].tolist() == result["coded"].tolist()
    assert result["doubtful"].sum() == 0


def test_without_suspicions_expected_is_coded() -> None:
    result = prevalence(claims_of(**TABLES), GAPS.head(0), UNSUPPORTED.head(0), year=2025)
    for end in ("", "_low", "_high"):
        assert result[f"expected{end}"].tolist() == result["coded"].tolist()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"gaps": GAPS.drop(columns="status")}, r"gaps: no column 'status'.*risk\.gaps"),
        ({"unsupported": pd.DataFrame()}, "unsupported: no column 'person_id', 'hcc', 'confidence'"),
        ({"year": 2030, "payment_year": 2026}, "nobody is enrolled in 2030"),
        ({"year": 2025, "payment_year": 2050}, "no tables for payment_year=2050"),
        ({"model": "V99"}, "no risk adjustment model 'V99'"),
    ],
)
def test_wrong_arguments_are_refused(change: dict[str, Any], says: str) -> None:
    given: dict[str, Any] = {"gaps": GAPS, "unsupported": UNSUPPORTED, "year": 2025} | change
    with pytest.raises(ArgumentError, match=says):
        prevalence(claims_of(**TABLES), **given)
