"""Encounters and chart reviews of 837 files, as Medicare Advantage plans send them, and which diagnoses then count.

A chart review has PWK*09*AA; one that adds to an encounter names it (REF*F8); one that deletes has REF*EA*8, and takes
its diagnoses from the record that it names and from no other.
"""

from __future__ import annotations

import pandas as pd
import pytest

import cpticd as cx
from cpticd.claims import Claims
from tests.loaders.x12_text import claim, interchange, load, professional, show, subscriber

REVIEW = "PWK*09*AA~"


def line(day: str) -> str:
    return f"LX*1~SV1*HC:99213*0*UN*1***1~DTP*472*D8*{day}~"


def encounters(*claims: str) -> str:
    """A set of encounters that were adjudicated or capitated (BHT06 RP)."""
    return interchange(professional(subscriber(), *claims).replace("*1200*CH~", "*1200*RP~"))


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> Claims:
    return load(
        tmp_path_factory.mktemp("reviews"),
        encounters(
            claim("E1", diagnoses="HI*ABK:E119*ABF:I5022~"),
            claim("E2", diagnoses="HI*ABK:I5022~", lines=line("20250301")),
            claim("ADDS", "0", REVIEW + "HI*ABK:N184~", line("20250110"), replaces="E1"),
            claim("ALONE", "0", REVIEW + "HI*ABK:J449~", line("20250210")),
            claim("TAKES", "0", REVIEW + "REF*EA*8~HI*ABK:E119*ABF:I5022~", line("20250110"), replaces="E1"),
            claim("CHART", "0", "REF*EA*8~HI*ABK:G20A1~", line("20250401")),
        ),
        interchange(professional(subscriber("M2"), claim("B1"))),
    )


def test_the_sign_of_a_review_that_deletes_is_said_not_to_be_verified(reviewed: Claims) -> None:
    found = reviewed.rejects[reviewed.rejects["reason"].str.contains("not verified")]
    assert found["reason"].str.endswith(": 1").tolist() == [True] and found["action"].tolist() == ["noted"]


def test_flags_of_encounters_and_reviews(reviewed: Claims) -> None:
    rows = reviewed.table("claims").sort_values("source_claim_id")
    columns = "source_claim_id is_encounter is_chart_review deletes_diagnoses original_payer_claim_id"
    assert show(rows, columns) == [
        "ADDS True True False E1", "ALONE True True False -", "B1 False False False -", "CHART True False False -",
        "E1 True False False -", "E2 True False False -", "TAKES True True True E1",
    ]  # fmt: skip


def test_a_review_replaces_no_encounter_and_a_deletion_takes_from_the_one_it_names(reviewed: Claims) -> None:
    found = cx.risk.conditions(reviewed, year=2025)
    found = found[found["person_id"] == "M1"].set_index("diagnosis_code")
    assert found["counted"].to_dict() == {
        "E119": False,
        "G20A1": True,
        "I5022": True,
        "J449": True,
        "N184": True,
    }
    assert list(found.loc["E119", "not_counted_reasons"]) == [
        "chart review that deletes",
        "deleted by a chart review",
    ]
    assert found.loc["I5022", ["claims", "claims_not_counted"]].tolist() == [1, 2]  # E2 keeps what E1 lost


def test_scores_heed_what_was_deleted(reviewed: Claims) -> None:
    members = [
        {"person_id": "M1", "year": year, "birth_date": "1950-01-01", "sex": "female"}
        for year in (2025, 2026)
    ]
    claims = reviewed.with_members(pd.DataFrame(members))
    scored = cx.risk.score(claims, payment_year=2026, quiet=True)
    assert list(scored["hccs"].iloc[0]) == ["199", "226", "280", "327"]
