"""Charge less adjustments is what was paid, at line, claim and payment; where it is not, it is told with the amount."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.amount import first
from tests.loaders.x12_text import Taken, interchange, paid_claim, remittance, show

COLUMNS = "table_name location action severity amount"


def service(charge: str, paid: str, *adjusted: str) -> str:
    return f"SVC*HC:99213*{charge}*{paid}**1~DTM*472*20250110~" + "".join(f"CAS*{each}~" for each in adjusted)


def found(folder: Path, *claims: str, amount: str | None = None) -> list[str]:
    """The imbalances that are noted of one remittance."""
    taken = Taken(folder, interchange(remittance(*claims, amount=amount), kind="HP"))
    rejects = taken.rejects
    return show(rejects[rejects["reason"].str.contains("does not balance")], COLUMNS)


@pytest.mark.parametrize(
    ("claims", "amount"),
    first(
        4,
        [
            ([paid_claim(lines=service("100", "80", "CO*45*20"))], None),
            ([paid_claim(lines=service("100", "80", "CO*45*15**253*3", "PR*2*2"))], None),
            # Of the claim as a whole, beside its lines or without any.
            ([paid_claim(paid="50", lines="CAS*PR*1*30~" + service("100", "80", "CO*45*20"))], None),
            ([paid_claim(paid="0", lines="CAS*CO*29*100~")], None),
            ([paid_claim(paid="0", lines="CAS*CO*197*100~" + service("60", "0") + service("40", "0"))], None),
            # A reversal is negative throughout; interest and a levelled balance stand in PLB.
            (
                [
                    paid_claim(
                        status="22", charge="-100", paid="-80", lines=service("-100", "-80", "CO*45*-20")
                    ),
                    "PLB*1111111111*20251231*FB:X*-80~",
                ],
                "0",
            ),
            (
                [
                    paid_claim(lines="AMT*I*1.25~" + service("100", "80", "CO*45*20") + "AMT*B6*80~"),
                    "PLB*1111111111*20251231*L6:X*-1.25~",
                ],
                "81.25",
            ),
            # A panel: the first component repeats the charge.
            (
                [
                    paid_claim(
                        paid="90", lines=service("100", "40", "CO*45*60") + service("0", "50", "CO*94*-50")
                    )
                ],
                None,
            ),
        ],
    ),
    ids=[
        "line",
        "groups",
        "claim and line",
        "claim alone",
        "claim explains lines",
        "reversal",
        "interest",
        "panel",
    ],
)
def test_what_balances_is_not_noted(tmp_path: Path, claims: list[str], amount: str | None) -> None:
    assert found(tmp_path, *claims, amount=amount) == []


def test_each_imbalance_is_found_at_its_level_with_its_amount(tmp_path: Path) -> None:
    line = paid_claim("A", lines=service("60", "50", "CO*45*10") + service("40", "30", "CO*45*4"))
    own = paid_claim("B", paid="75", lines=service("100", "80", "CO*45*20"))
    crossed = paid_claim("C", lines=service("60", "50", "CO*45*7") + service("40", "30", "CO*45*13"))
    assert found(tmp_path, line, own, crossed, amount="999") == [
        "payments segment 3 noted warning 764.00",
        "line_payments segment 10, service row 2 noted warning 6.00",
        "adjudications segment 18 noted warning 5.00",
        "line_payments segment 23, service row 1 noted warning 3.00",
        "line_payments segment 23, service row 2 noted warning -3.00",
    ]


def test_a_payment_says_by_how_much_it_is_off(tmp_path: Path) -> None:
    good = remittance(paid_claim("A"), trace="CK1")
    bad = remittance(
        paid_claim("B"), "PLB*1111111111*20251231*WO:X*10~", amount="80", trace="CK2", number="0002"
    )
    taken = Taken(tmp_path, interchange(good, bad, kind="HP"))
    assert show(taken.table("payments"), "payment_id amount imbalance_amount") == [
        "CK1 80.00 0.00",
        "CK2 80.00 10.00",
    ]
    told = taken.noted("the payment does not balance")
    assert told["content"].tolist() == ["payment CK2: 80.00, claims 80.00, provider adjustments 10.00"]
