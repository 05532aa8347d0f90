"""Lines in the words of an explanation of benefits, on the spec's claims and on what they leave open."""

from __future__ import annotations

import pandas as pd
import pytest

from cpticd import denials
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError
from tests.spec import SPEC, claims_of


@pytest.fixture(scope="module")
def claims() -> Claims:
    return claims_of(**SPEC)


def line(claims: Claims, claim: str, number: int) -> pd.Series:
    keys = pd.DataFrame({"claim_id": [claim], "claim_line_number": [number]})
    return denials.explain(claims, keys).iloc[0]


BASE = {
    "claims": """
        claim_id | claim_type   | person_id | payer | place_of_service_code | claim_start_date
        A        | professional | p1        | North | 11                    | 2024-01-05
    """,
    "lines": """
        claim_id | claim_line_number | hcpcs_code | hcpcs_modifier_1 | service_unit_quantity | charge_amount
        A        | 1                 | 99213      | 25               | 1                     | 100.00
        A        | 2                 | 80053      |                  | 2                     | 50.00
    """,
    "diagnoses": """
        claim_id | diagnosis_position | diagnosis_code | diagnosis_code_type
        A        | 1                  | I10            | icd-10-cm
        A        | 2                  | E119           | icd-10-cm
    """,
    "pointers": """
        claim_id | claim_line_number | pointer_position | diagnosis_position
        A        | 1                 | 1                | 2
        A        | 1                 | 2                | 1
    """,
    "adjudications": """
        claim_id | adjudication_number | payer | paid_date  | claim_status_code | charge_amount | paid_amount
        A        | 1                   | North | 2024-01-20 | 1                 | 150.00        | 30.00
    """,
    "line_payments": """
        claim_id | adjudication_number | claim_line_number | hcpcs_code | charge_amount | allowed_amount | paid_amount
        A        | 1                   | 1                 | 99213      | 100.00        | 0.00           | 0.00
        A        | 1                   | 2                 | 80053      | 50.00         | 40.00          | 30.00
    """,
    "adjustments": """
        claim_id | adjudication_number | claim_line_number | adjustment_position | group_code | carc | amount
        A        | 1                   | 1                 | 1                   | CO         | 16   | 100.00
        A        | 1                   | 2                 | 1                   | CO         | 45   | 10.00
        A        | 1                   | 2                 | 2                   | PR         | 2    | 10.00
    """,
    "remarks": """
        claim_id | adjudication_number | claim_line_number | remark_position | rarc
        A        | 1                   | 1                 | 1               | M76
    """,
}


def test_a_denied_line_is_told_in_full() -> None:
    found = line(claims_of(**BASE), "A", 1)
    assert found["done"] == "99213-25, Evaluation and management; 1 unit; place 11; charged $100.00."
    assert found["why"].startswith("E11.9 Type 2 diabetes mellitus without complications; I10 Essential")
    # CARC 16 alone is missing information; the remark M76 makes it a diagnosis
    assert found["said"] == (
        "2024-01-20: paid nothing; CO-16 $100.00 (diagnosis conflict or validity); remarks M76."
    )
    assert found["owed"] == (
        "Payer paid $0.00; patient owes $0.00; $100.00 denied, borne by the provider; of $100.00 charged."
    )


def test_a_paid_line_shares_out_its_charge() -> None:
    found = line(claims_of(**BASE), "A", 2)
    assert found["done"].startswith("80053, Pathology and laboratory; 2 units;")
    assert found["why"] == "No diagnosis."  # the claim has pointers, this line none
    assert found["said"] == (
        "2024-01-20: paid $30.00 of $40.00 allowed; CO-45 $10.00 (reduction by contract); "
        "PR-2 $10.00 (the patient's share)."
    )
    assert (
        found["owed"]
        == "Payer paid $30.00; patient owes $10.00; $10.00 reduced by contract or terms; of $50.00 charged."
    )


def test_what_the_patient_bears_of_a_denial_is_not_counted_twice() -> None:
    changed = BASE | {"adjustments": BASE["adjustments"].replace("CO         | 16 ", "PR         | 204")}
    found = line(claims_of(**changed), "A", 1)
    assert found["owed"] == (
        "Payer paid $0.00; patient owes $100.00; $100.00 denied, borne by the patient; of $100.00 charged."
    )


def test_nothing_decided_is_open() -> None:
    tables = {name: BASE[name] for name in ("claims", "lines", "diagnoses")}
    found = line(claims_of(**tables), "A", 1)
    assert found["said"] == "Nothing yet."
    assert found["owed"] == "Open: $100.00 charged."
    assert found["why"].startswith("Diagnoses of the claim: I10 Essential")


def test_a_payment_taken_back_leaves_the_line_open() -> None:
    more = {
        "adjudications": BASE["adjudications"]
        + "    A        | 2                   | North | 2024-03-01 | 22                | -150.00       | -30.00\n    ",
        "line_payments": BASE["line_payments"]
        + "    A        | 2                   | 2                 | 80053      | -50.00        | -40.00         | -30.00\n    ",
    }
    found = line(claims_of(**(BASE | more)), "A", 2)
    assert found["said"].endswith("2024-03-01: earlier payment taken back.")
    assert found["owed"] == "Open: $50.00 charged, payment taken back."


def test_every_line_of_the_spec_is_told_and_its_parts_are_its_charge(claims: Claims) -> None:
    keys = claims.table("lines")[["claim_id", "claim_line_number"]]
    found = denials.explain(claims, keys)
    assert found[["claim_id", "claim_line_number"]].to_numpy().tolist() == keys.to_numpy().tolist()
    assert (found[["done", "why", "said", "owed"]].map(len) > 0).all(axis=None)
    assert "processing indicator" in line(claims, "C5", 1)["said"]


def test_unknown_lines_and_too_many_are_refused(claims: Claims) -> None:
    with pytest.raises(ArgumentError, match="no line 9"):
        line(claims, "C1", 9)
    keys = pd.DataFrame({"claim_id": ["C1"] * 201, "claim_line_number": [1] * 201})
    with pytest.raises(ArgumentError, match="at most 200"):
        denials.explain(claims, keys)
    assert denials.explain(claims, keys.head(0)).empty
