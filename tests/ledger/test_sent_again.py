"""Claims sent again and answers taken back: what they change of a service, and what they leave as it was.

The expected rows were worked out by hand. Each kind was found on simulated lives of services.
"""

from __future__ import annotations

import pandas as pd
import pytest

from cpticd.claims import Claims
from tests.ledger.story import claims_of_stories
from tests.spec import frame, shown

BILLED = """
    H1  | 1 | N | 1 | | 1 |    | 2025-03-15 | 2025-03-10 | 99213 | | 100 |
    H1X | 1 | N | 1 | | 1 |    | 2025-04-10 | 2025-03-10 | 99213 | | 100 |
    H2  | 1 | N | 1 | | 1 |    | 2025-03-15 | 2025-03-10 | 99213 | | 100 |
    H2  | 2 | N | 1 | | 1 |    | 2025-03-15 | 2025-03-10 | 36415 | | 20  |
    H2X | 1 | N | 1 | | 1 |    | 2025-04-10 | 2025-03-10 | 36415 | | 20  |
    H3  | 1 | N | 1 | | 1 |    | 2025-03-15 | 2025-03-10 | 99213 | | 100 |
    H3X | 1 | N | 1 | | 1 |    | 2025-03-25 | 2025-03-10 | 99213 | | 100 |
    H4  | 1 | N | 1 | | 1 |    | 2025-03-15 | 2025-03-10 | 99213 | | 100 |
    H5  | 1 | N | 1 | | 1 |    | 2025-03-15 | 2025-03-10 | 99213 | | 100 |
    H6  | 1 | N | 1 | | 1 |    | 2025-03-15 | 2025-03-10 | 99213 | | 100 |
    H7  | 1 | N | 1 | | 1 |    | 2025-03-15 | 2025-03-10 | 99213 | | 100 |
    H7  | 2 | N | 1 | | 1 |    | 2025-03-15 | 2025-03-10 | 36415 | | 20  |
    H8  | 1 | N | 1 | | 1 |    | 2025-03-15 | 2025-03-10 | 97110 | | 200 |
    H9  | 1 | N | 1 | | 1 |    | 2025-03-15 | 2025-03-10 | 99213 | | 100 |
    H9D | 1 | N | 1 | | 1 |    | 2025-03-20 | 2025-03-10 | 99213 | | 100 |
    H9X | 1 | N | 1 | | 1 |    | 2025-05-10 | 2025-03-10 | 99213 | | 100 |
    J1  | 1 | N | 1 | | 1 |    | 2025-03-15 | 2025-03-10 | 99213 | | 100 |
    J1  | 2 | N | 1 | | 1 |    | 2025-03-15 | 2025-03-10 | 36415 | | 20  |
    J1X | 1 | N | 1 | | 1 |    | 2025-04-10 | 2025-03-10 | 36415 | | 20  |
    J1R | 1 | N | 1 | | 7 | K1 | 2025-05-20 | 2025-03-10 | 36415 | | 20  |
    J2  | 1 | N | 1 | | 1 |    | 2025-03-15 | 2025-03-10 | 99213 | | 100 |
"""
ANSWERED = """
    H1  | 1 | N | 1 | A1 | 2025-04-01 | 1  | 100  | 0   | CO-16 100, remark MA130
    H1X | 1 | N | 1 | B1 | 2025-05-01 | 1  | 100  | 80  | CO-45 20
    H2  | 1 | N | 1 | A2 | 2025-04-01 | 1  | 100  | 80  | CO-45 20
    H2  | 2 | N | 1 | A2 | 2025-04-01 | 1  | 20   | 0   | CO-11 20
    H2X | 1 | N | 1 | B2 | 2025-05-01 | 1  | 20   | 15  | CO-45 5
    H3  | 1 | H | 2 | C3 | 2025-03-20 | 2  | 100  | 0   | CO-22 100
    H3  | 1 | N | 1 | A3 | 2025-04-01 | 1  | 100  | 80  | CO-45 20
    H3X | 1 | N | 1 | B3 | 2025-04-03 | 1  | 100  | 0   | CO-18 100
    H4  | 1 | N | 1 | A4 | 2025-04-01 | 1  | 100  | 0   | OA-133 100
    H4  | 1 | N | 1 | A4 | 2025-05-01 | 22 | -100 | 0   | OA-133 -100
    H4  | 1 | N | 1 | A4 | 2025-05-01 | 1  | 100  | 0   | CO-50 100
    H5  | 1 | N | 1 | A5 | 2025-04-01 | 1  | 100  | 30  | PR-2 20, CO-151 50
    H5  | 1 | H | 2 | C5 | 2025-04-20 | 2  | 100  | 20  | OA-23 80
    H6  | 1 | N | 1 | A6 | 2025-04-01 | 1  | 100  | 0   | CO-45 100
    H6  | 1 | H | 2 | C6 | 2025-04-20 | 2  | 100  | 0   | CO-22 100
    H7  | 1 | N | 1 | A7 | 2025-04-01 | 1  | 100  | 80  | CO-45 20
    H7  | 2 | N | 1 | A7 | 2025-04-01 | 1  | 20   | 0   | CO-11 20
    H7  | - | N | 1 | A7 | 2025-04-01 | 1  | 120  | 30  | PR-1 50
    H8  | 1 | N | 1 | A8 | 2025-04-01 | 1  | 150  | 120 | CO-45 30
    H8  | 1 | N | 1 | B8 | 2025-04-01 | 1  | 50   | 0   | CO-151 50
    H8  | 1 | N | 1 | A8 | 2025-06-01 | 22 | -150 | -120| CO-45 -30
    H8  | 1 | N | 1 | B8 | 2025-06-01 | 22 | -50  | 0   | CO-151 -50
    H8  | 1 | N | 1 | D8 | 2025-06-01 | 1  | 200  | 160 | CO-45 40
    H9  | 1 | N | 1 | A9 | 2025-04-01 | 1  | 100  | 0   | CO-11 100
    H9D | 1 | N | 1 | B9 | 2025-04-03 | 1  | 100  | 0   | CO-18 100
    H9X | 1 | N | 1 | D9 | 2025-06-01 | 1  | 100  | 80  | CO-45 20
    J1  | 1 | N | 1 | G1 | 2025-04-01 | 1  | 100  | 80  | CO-45 20
    J1  | 2 | N | 1 | G1 | 2025-04-01 | 1  | 20   | 0   | CO-11 20
    J1X | 1 | N | 1 | K1 | 2025-05-01 | 1  | 20   | 0   | CO-11 20
    J1R | 1 | N | 1 | K2 | 2025-06-10 | 1  | 20   | 15  | CO-45 5
    J2  | 1 | N | 1 | L1 | 2025-04-01 | 1  | 100  | 0   | OA-133 100
    J2  | 1 | N | 1 | L1 | 2025-05-01 | 1  | 100  | 0   | PR-1 100
    J2  | 1 | N | 1 | L1 | 2025-06-01 | 22 | -100 | 0   | PR-1 -100
"""
EXPECTED = """
    claim_id | claim_line_number | submissions | initial_outcome | final_outcome   | paid_amount | final_denied_amount
    H1X      | 1                 | 2           | paid            | paid            | 80.00       | 0.00
    H2       | 1                 | 1           | paid            | paid            | 80.00       | 0.00
    H2       | 2                 | 2           | denied          | paid            | 15.00       | 0.00
    H3       | 1                 | 1           | paid            | paid            | 80.00       | 0.00
    H3X      | 1                 | 1           | denied          | denied          | 0.00        | 100.00
    H4       | 1                 | 1           | denied          | denied          | 0.00        | 100.00
    H5       | 1                 | 1           | partly denied   | partly denied   | 50.00       | 50.00
    H6       | 1                 | 1           | nothing paid    | nothing paid    | 0.00        | 0.00
    H7       | 1                 | 1           | paid            | paid            | 30.00       | 0.00
    H7       | 2                 | 1           | denied          | denied          | 0.00        | 20.00
    H8       | 1                 | 1           | partly denied   | paid            | 160.00      | 0.00
    H9       | 1                 | 2           | denied          | paid            | 80.00       | 0.00
    H9D      | 1                 | 1           | denied          | denied          | 0.00        | 100.00
    J1       | 1                 | 1           | paid            | paid            | 80.00       | 0.00
    J1       | 2                 | 3           | denied          | paid            | 15.00       | 0.00
    J2       | 1                 | 1           | paid            | not adjudicated | 0.00        | 0.00
"""


@pytest.fixture(scope="module")
def claims() -> Claims:
    return claims_of_stories(BILLED, ANSWERED)


def test_services_are_as_worked_out_by_hand(claims: Claims):
    expected = frame(EXPECTED)
    for name in expected.columns:
        expected[name] = (
            pd.to_numeric(expected[name]) if "outcome" not in name and name != "claim_id" else expected[name]
        )
    columns = ", ".join(expected.columns)
    found = claims.query(f"SELECT {columns} FROM services ORDER BY claim_id, claim_line_number")
    assert shown(found) == shown(expected)
