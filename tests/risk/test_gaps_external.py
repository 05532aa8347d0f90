"""Suspicions of others: taken with their source and confidence, closed by what is coded, refused with a reason."""

from __future__ import annotations

import pandas as pd
import pytest

import cpticd as cx
from cpticd.core.errors import SchemaError
from cpticd.risk.gaps import gaps
from tests.risk.visits import claims_of_visits
from tests.spec import frame

VISITS = """
    a | 2025-03-01 | 11 | I10     | 99213
    b | 2025-03-01 | 11 | E11.22  | 99213
    c | 2025-03-01 | 11 | I10     | 99213
    d | 2023-03-01 | 11 | I10     | 99213
"""
MEMBERS = """
    a | 2025 | 1950-06-01 | female |
    b | 2025 | 1950-06-01 | female |
    c | 2025 | 1950-06-01 | male   |
    d | 2023 | 1950-06-01 | female |
"""


@pytest.fixture(scope="module")
def claims() -> cx.Claims:
    return claims_of_visits(VISITS, members=MEMBERS)


def test_suspects_become_gaps_and_the_others_are_refused_with_a_reason(
    claims: cx.Claims, capsys: pytest.CaptureFixture[str]
) -> None:
    suspects = frame("""
        person_id | hcc     | diagnosis_code | source | confidence | date
        a         | 226     |                | Acme   | 0.9        | 2025-01-05
        a         |         | I50.22         | Bond   |            |
        a         |         | E11.9          | Acme   | 0.2        |
        b         | HCC 038 |                | Acme   |            |
        c         |         | G35            | Acme   |            | soon
        c         |         | G35            | Acme   | 1.5        |
        c         |         | M17.11         | Acme   |            |
        c         |         | X99.99Z        | Acme   |            |
        c         | 999     |                | Acme   |            |
        c         | 226     | E11.9          | Acme   |            |
        c         |         |                | Acme   |            |
        d         | 226     |                | Acme   |            |
        z         | 226     |                | Acme   |            |
        """)
    rows = gaps(claims, year=2025, kinds=["external"], suspects=suspects)
    found = rows[["person_id", "hcc", "diagnosis_code", "confidence", "status"]].values.tolist()
    assert sorted(found) == [
        ["a", "226", "", 0.7, "open"],
        ["a", "38", "E119", 0.2, "open"],
        ["b", "38", "", 0.4, "closed by a higher HCC"],
    ]
    heart = rows[rows["hcc"] == "226"].iloc[0]
    assert heart["evidence"] == "suspected by Acme on 2025-01-05 (HCC 226); Bond (I50.22)"
    assert heart["evidence_codes"] == ["I5022"] and heart["evidence_dates"] == ["2025-01-05"]
    refused = cx.risk.rejects(rows)
    assert dict(zip(refused["location"], refused["reason"], strict=True)) == {
        "row 5": "date: not a date",
        "row 6": "confidence: a number from 0 to 1 is needed",
        "row 7": "a code without an HCC in V28 of payment year 2026",
        "row 8": "no ICD-10-CM code that can be billed in 2025",
        "row 9": "no HCC of V28 of payment year 2026",
        "row 10": "the code is of another HCC",
        "row 11": "neither an HCC nor a diagnosis code",
        "row 12": "a person who is not enrolled in the year, or whom the model does not pay",
        "row 13": "no such person",
    }
    assert sum(cx.contract(rows)["suspects_rejected"].values()) == 9
    assert "9 suspects could not be taken" in capsys.readouterr().out


def test_a_list_of_which_all_is_taken_is_not_refused(
    claims: cx.Claims, capsys: pytest.CaptureFixture[str]
) -> None:
    suspects = pd.DataFrame(
        {"person_id": ["a", "a"], "hcc": ["226", "37"], "date": ["2025-01-05", "01/07/2025"]}
    )
    rows = gaps(claims, year=2025, kinds=["external"], suspects=suspects)
    assert sorted(rows["hcc"]) == ["226", "37"]
    assert cx.risk.rejects(rows).empty
    assert cx.contract(rows)["suspects_rejected"] == {}
    assert "could not be taken" not in capsys.readouterr().out


@pytest.mark.parametrize(("given", "cap", "holds"), [(0.9, 0.3, 0.3), (0.2, 0.3, 0.2), (0.9, 0.95, 0.9)])
def test_a_suspicion_is_as_sure_as_its_list_says_up_to_the_cap(
    claims: cx.Claims, given: float, cap: float, holds: float
) -> None:
    suspects = pd.DataFrame({"person_id": ["a"], "hcc": ["226"], "confidence": [given]})
    caps = pd.DataFrame({"kind": ["external"], "cap": [cap]})
    rows = gaps(claims, year=2025, kinds=["external"], suspects=suspects, caps=caps)
    assert rows["confidence"].tolist() == pytest.approx([holds])


def test_a_code_that_ended_is_suspected_as_what_came_in_its_place(claims: cx.Claims) -> None:
    suspects = pd.DataFrame({"person_id": ["a"], "diagnosis_code": ["G20"]})
    rows = gaps(claims, year=2025, kinds=["external"], suspects=suspects)
    assert rows[["hcc", "diagnosis_code"]].values.tolist() == [["199", "G20C"]]


def test_other_evidence_makes_a_suspicion_surer() -> None:
    fills = "a | 2025-02-05 | 00002751001\na | 2025-03-05 | 00002751001"
    claims = claims_of_visits(VISITS, members=MEMBERS, drugs=fills)
    suspects = pd.DataFrame({"person_id": ["a"], "hcc": [38]})
    (row,) = gaps(claims, year=2025, kinds=["external", "drug"], suspects=suspects, quiet=True).to_dict(
        "records"
    )
    assert (row["kind"], row["also_kinds"], row["stratum"]) == ("drug", "external", "with other evidence")
    assert row["confidence"] == 0.85


@pytest.mark.parametrize(
    "suspects", [pd.DataFrame({"hcc": ["226"]}), pd.DataFrame({"person_id": ["a"]}), ["226"]]
)
def test_lists_without_persons_or_conditions_are_refused(claims: cx.Claims, suspects: object) -> None:
    with pytest.raises(SchemaError, match="suspects: found"):
        gaps(claims, year=2025, suspects=suspects)  # type: ignore[arg-type]
