"""Words of flat files: column names, pointers, adjustments and statuses as people write them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cpticd.loaders.flat import headings, lexicon, reasons


@pytest.mark.parametrize(
    ("text", "positions"),
    [
        ("A", [1]), ("A,B", [1, 2]), ("AB", [1, 2]), ("B A", [2, 1]), ("1:2", [1, 2]), ("1,2", [1, 2]), ("1|3", [1, 3]),
        ("12", [1, 2]), ("1234", [1, 2, 3, 4]), ("10", [10]), ("1,12", [1, 12]), ("L", [12]), ("01", [1]), ("2.0", [2]),
        ("0102", [1, 2]), ("", []), ("0", None), ("A-?", None), ("E11.9", None), ("A1", None), ("1, 2, ", [1, 2]),
    ],
)  # fmt: skip
def test_pointers(text: str, positions: list[int] | None) -> None:
    assert lexicon.pointers(text) == positions


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("CO-45", [("CO", "45", None)]), ("CO45", [("CO", "45", None)]), ("45", [(None, "45", None)]),
        ("CO 045", [("CO", "45", None)]), ("45.0", [(None, "45", None)]), ("PR - 1", [("PR", "1", None)]),
        ("CO-45, PR-1", [("CO", "45", None), ("PR", "1", None)]),
        ("CO-45:12.50|PR-1:5", [("CO", "45", Decimal("12.50")), ("PR", "1", Decimal("5.00"))]),
        ("CO45 $1,200.00", [("CO", "45", Decimal("1200.00"))]), ("co-b7", [("CO", "B7", None)]),
        ("OA-A1 - claim denied", [("OA", "A1", None)]), ("12.50", [(None, None, Decimal("12.50"))]),
        ("CO-45 -12.50", [("CO", "45", Decimal("-12.50"))]), ("CO-45=20", [("CO", "45", Decimal("20.00"))]),
        ("CO-16/CO-45", [("CO", "16", None), ("CO", "45", None)]), ("CO-16 CO-45", [("CO", "16", None), ("CO", "45", None)]),
        ("16 45", [(None, "16", None), (None, "45", None)]), ("16|197", [(None, "16", None), (None, "197", None)]),
        ("CO-16: lacks info", [("CO", "16", None)]), ("CO-16: 2 items missing", [("CO", "16", None)]),
        ("45 - Charge exceeds fee schedule/maximum", [(None, "45", None)]), ("45 (over fee)", [(None, "45", None)]),
        ("Not medically necessary (CO-50)", [("CO", "50", None)]),
        ("0", []), ("00", []), ("CO-00", []), ("-", []), ("Not denied", []),
    ],
)  # fmt: skip
def test_adjustment_cells(text: str, found: Any) -> None:
    said = reasons.read(text)
    assert [(each.group, each.carc, each.amount) for each in said.found] == found
    assert not said.remarks and not said.unread


@pytest.mark.parametrize(
    ("text", "carcs", "remarks", "unread"),
    [
        ("CO16;N290", ["16"], ["N290"], False), ("MA130", [], ["MA130"], False), ("16 M51 N4", ["16"], ["M51", "N4"], False),
        ("CO-16: lacks info (N290)", ["16"], ["N290"], False), ("Remark N290", [], ["N290"], False),
        ("Denied", [], [], True), ("not covered", [], [], True), ("1234", [], [], True), ("XX9", [], [], True),
        ("CO-16, XX9", ["16"], [], True),
    ],
)  # fmt: skip
def test_remarks_and_words_are_told_from_reasons(
    text: str, carcs: list[str], remarks: list[str], unread: bool
) -> None:
    said = reasons.read(text)
    assert ([each.carc for each in said.found], said.remarks, said.unread) == (carcs, remarks, unread)


def test_what_denies_is_what_the_reference_table_says() -> None:
    assert [carc for carc in ("16", "45", "1", "253", "B7", "999", None) if reasons.is_denial(carc)] == [
        "16", "B7", "999",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("Denied", "4"), ("DENIAL", "4"), ("Not covered", "4"), ("Paid", "1"), ("Partially paid", "1"), ("4", "4"),
        ("22.0", "22"), ("Reversal", "22"), ("Voided", "22"), ("Pending", "pending"), ("In process", "pending"),
        ("Processed", "1"), ("Unpaid", "4"), ("D", "4"), ("P", "1"), ("blue", None), ("Accepted", "pending"),
    ],
)  # fmt: skip
def test_status_words(words: str, code: str | None) -> None:
    assert lexicon.status(words) == code


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
    found = headings.meaning(name)
    assert (found and found[0]) == meaning
