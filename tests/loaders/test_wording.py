"""Words of flat files: column names, pointers, adjustments and statuses as people write them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cpticd.loaders import names, wording


@pytest.mark.parametrize(
    ("text", "positions"),
    [
        ("A", [1]), ("A,B", [1, 2]), ("AB", [1, 2]), ("B A", [2, 1]), ("1:2", [1, 2]), ("1,2", [1, 2]), ("1|3", [1, 3]),
        ("12", [1, 2]), ("1234", [1, 2, 3, 4]), ("10", [10]), ("1,12", [1, 12]), ("L", [12]), ("01", [1]), ("2.0", [2]),
        ("0102", [1, 2]), ("", []), ("0", None), ("A-?", None), ("E11.9", None), ("A1", None), ("1, 2, ", [1, 2]),
    ],
)  # fmt: skip
def test_pointers(text: str, positions: list[int] | None) -> None:
    assert wording.pointers(text) == positions


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("CO-45", [("CO", "45", None)]), ("CO45", [("CO", "45", None)]), ("45", [(None, "45", None)]),
        ("CO 045", [("CO", "45", None)]), ("45.0", [(None, "45", None)]), ("PR - 1", [("PR", "1", None)]),
        ("CO-45, PR-1", [("CO", "45", None), ("PR", "1", None)]),
        ("CO-45:12.50|PR-1:5", [("CO", "45", Decimal("12.50")), ("PR", "1", Decimal("5.00"))]),
        ("CO45 $1,200.00", [("CO", "45", Decimal("1200.00"))]), ("co-b7", [("CO", "B7", None)]),
        ("OA-A1 - claim denied", [("OA", "A1", None)]), ("12.50", [(None, None, Decimal("12.50"))]),
        ("not covered", None),
    ],
)  # fmt: skip
def test_adjustment_cells(text: str, found: Any) -> None:
    assert wording.adjustments(text) == found


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("Denied", "4"), ("DENIAL", "4"), ("Not covered", "4"), ("Paid", "1"), ("Partially paid", "1"), ("4", "4"),
        ("22.0", "22"), ("Reversal", "22"), ("Voided", "22"), ("Pending", "pending"), ("In process", "pending"),
        ("Processed", "1"), ("Unpaid", "4"), ("D", "4"), ("P", "1"), ("blue", None),
    ],
)  # fmt: skip
def test_status_words(words: str, code: str | None) -> None:
    assert wording.status(words) == code


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("Claim #", "claim_id"), ("CLM_ID", "claim_id"), ("Date of Service", "claim_line_start_date"),
        ("DOS", "claim_line_start_date"), ("Proc Code", "hcpcs_code"), ("CPT/HCPCS", "hcpcs_code"),
        ("ICD1", "diagnosis_code_1"), ("ICD-10 Dx 3", "diagnosis_code_3"), ("ICD10_12", "diagnosis_code_12"),
        ("1st Dx", "diagnosis_code_1"), ("Principal Diagnosis", "diagnosis_code_1"), ("dx01", "diagnosis_code_1"),
        ("Diagnosis 2 POA", "diagnosis_poa_2"), ("Dx Ptr", "diagnosis_pointers"), ("DX1 Pointer", "diagnosis_pointer_1"),
        ("Mod 2", "hcpcs_modifier_2"), ("Payor", "payer"), ("Charges", "charge_amount"), ("Adj Group 1", "group_code_1"),
        ("Adj Reason 2", "carc_2"), ("Denial Reason Code", "carc_1"), ("Allowed Amount ($)", "allowed_amount"),
        ("DOB", "birth_date"), ("Rendering Provider NPI", "rendering_npi"), ('"; drop table', None), ("foo", None),
    ],
)  # fmt: skip
def test_usual_names(name: str, meaning: str | None) -> None:
    found = names.meaning(name)
    assert (found and found[0]) == meaning
