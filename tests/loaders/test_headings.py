"""Headings in the styles of systems that claims come from: what each means, and which are not used."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpticd.core.errors import SchemaError
from cpticd.loaders.flat import headings
from tests.loaders.flat_text import read, table
from tests.loaders.heading_styles import STYLES


@pytest.mark.parametrize("style", STYLES)
def test_headings_of_a_system(style: str) -> None:
    rows = [line.strip().rsplit(" = ", 1) for line in STYLES[style].strip().splitlines()]
    found = headings.guess([heading for heading, _ in rows])
    assert [[each.column, each.meaning or "-"] for each in found] == rows
    assert all(each.why for each in found if not each.meaning)


def test_families_numbered_from_zero_are_numbered_from_one() -> None:
    names = ["carc_0", "adj_0_amount", "carc_1", "rarc_1", "ICD-10 Dx 1"]
    assert [each.meaning for each in headings.guess(names)] == [
        "carc_1", "adjustment_amount_1", "carc_2", "rarc_2", "diagnosis_code_1",
    ]  # fmt: skip
    assert headings.guess(["dx0", "dx1"])[0].shown == "diagnosis_code_1 (numbered from 0)"
    assert [each.meaning for each in headings.guess(["dx1", "dx10"])] == [
        "diagnosis_code_1",
        "diagnosis_code_10",
    ]


def test_a_column_that_is_renamed_to_nothing_is_not_used() -> None:
    guess = headings.guess(["Claim #", "CPT", "Line"], {"line": None})[2]
    assert (guess.meaning, guess.shown) == (None, "- not used: rename says that it is not used")


VOUCHERS = """
    Voucher | Patient ID | DOS        | CPT   | Charge | Paid
    V1      | a          | 2024-01-05 | 99213 | 100    | 40
    V1      | a          | 2024-01-05 | 93000 | 50     | 20
    V2      | b          | 2024-01-06 | 99213 | 100    | 0
    """


def test_a_voucher_names_the_claim_where_nothing_else_does(tmp_path: Path) -> None:
    claims = read(tmp_path, VOUCHERS)
    assert table(claims, "claims", "claim_id", "person_id") == [("V1", "a"), ("V2", "b")]
    (note,) = [reason for reason in claims.rejects["reason"] if "voucher" in reason]
    assert "a claim in some systems and a payment in others" in note


def test_a_voucher_of_several_persons_is_a_payment(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="no column that names the claim"):
        read(tmp_path, VOUCHERS.replace("V1      | a          | 2024-01-05 | 93", "V1 | c | 2024-01-05 | 93"))
    beside = (
        VOUCHERS.replace("Voucher ", "Visit ID | Voucher ")
        .replace("V1 ", "A | V1 ")
        .replace("V2 ", "B | V1 ")
    )
    assert table(read(tmp_path, beside), "payments", "payment_id") == [("V1",)]
