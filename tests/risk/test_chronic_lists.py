"""Recapture by a list of one's own: HCCs, or codes, and what the model does not have."""

from __future__ import annotations

import pandas as pd
import pytest

import cpticd as cx
from cpticd.core.errors import SchemaError
from tests.risk.visits import claims_of_visits

# a: unspecified depression counts for nothing; moderate depression (HCC 155) and sepsis (HCC 2), neither of which came back.
VISITS = """
    a | 2024-03-01 | 11 | F32.1 A41.9 | 99213
    b | 2024-03-01 | 11 | F33.1       | 99213
    a | 2025-03-01 | 11 | I10         | 99213
    b | 2025-03-01 | 11 | F32.1       | 99213
"""


@pytest.fixture(scope="module")
def claims() -> cx.Claims:
    return claims_of_visits(VISITS)


def due(claims: cx.Claims, chronic: object) -> dict[str, tuple[object, object]]:
    rows = cx.risk.recapture(claims, payment_year=2026, chronic=chronic)  # type: ignore[arg-type]
    rows = rows[(rows["year"] == 2025) & rows["chronic"].astype(bool)]
    return {row["hcc"]: (row["due"], row["recaptured"]) for row in rows.to_dict("records")}


def test_a_list_of_hccs_replaces_what_cms_marks(claims: cx.Claims) -> None:
    assert due(claims, None) == {"155": (2, 1)}
    assert due(claims, ["2"]) == {"2": (1, 0)}
    assert due(claims, pd.DataFrame({"hcc": ["HCC155", 2]})) == {"2": (1, 0), "155": (2, 1)}


def test_of_a_list_of_codes_those_are_due_who_had_one(claims: cx.Claims) -> None:
    assert due(claims, pd.DataFrame({"diagnosis_code": ["F32.1"]})) == {"155": (1, 0)}
    assert due(claims, pd.DataFrame({"diagnosis_code": ["F33.1", "F32.1"]})) == {"155": (2, 1)}


def test_entries_that_the_model_does_not_have_are_refused_with_a_reason(claims: cx.Claims) -> None:
    rows = cx.risk.recapture(claims, payment_year=2026, chronic=["155", "999"])
    assert cx.risk.rejects(rows)[["location", "reason", "content"]].values.tolist() == [
        ["row 2", "no HCC of V28 of payment year 2026", "999"]
    ]
    assert cx.contract(rows)["chronic"] == "the caller's list: 1 HCCs"
    for chronic in (["999"], pd.DataFrame({"code": ["F32.1"]}), "155"):
        with pytest.raises(SchemaError, match="chronic: "):
            cx.risk.recapture(claims, payment_year=2026, chronic=chronic)
