"""Remittances find their claims and lines, whatever the order of files; what finds none stays."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from cpticd.claims import Claims
from cpticd.core.schema import TABLES
from cpticd.loaders.x12 import read_x12
from tests.loaders.x12_text import (
    claim,
    interchange,
    load,
    paid_claim,
    professional,
    remittance,
    show,
    subscriber,
)


def files(*claims: str, remits: tuple[str, ...]) -> list[str]:
    """One 837 with ``claims`` of one subscriber, and one 835 for each of ``remits``."""
    sent = interchange(professional(subscriber(), *claims))
    return [sent, *(interchange(remit, kind="HP", version="005010X221A1") for remit in remits)]


def adjudications(claims: Claims) -> list[str]:
    return show(claims.table("adjudications"), "claim_id adjudication_number claim_status_code paid_amount")


def counts(claims: Claims) -> dict[str, int]:
    rows = claims.accounting()
    rows = rows[rows["table_name"].str.startswith("remittance")]
    return rows.groupby("table_name")["loaded"].sum().to_dict()


def test_a_remittance_joins_its_claim(tmp_path: Path) -> None:
    claims = load(tmp_path, *files(claim(), remits=(remittance(paid_claim()),)))
    assert len(claims.table("claims")) == 1
    assert adjudications(claims) == ["A1 1 1 80.00"]
    assert show(claims.query("SELECT * FROM line_outcomes"), "initial_outcome allowed_amount") == [
        "paid 80.00"
    ]
    assert counts(claims) == {
        "remittance claims matched to an 837": 1,
        "remittance lines matched to an 837": 1,
    }


def test_denied_reversed_and_paid_are_one_claim_in_order(tmp_path: Path) -> None:
    denied = paid_claim(status="4", paid="0", lines="SVC*HC:99213*100*0**1~DTM*472*20250110~CAS*CO*50*100~")
    reversal = paid_claim(
        status="22", charge="-100", paid="-80", lines="SVC*HC:99213*-100*-80**1~DTM*472*20250110~"
    )
    corrected = paid_claim(paid="90", lines="SVC*HC:99213*100*90**1~DTM*472*20250110~CAS*CO*45*10~")
    remits = (
        remittance(reversal, corrected, paid="20250401"),
        remittance(denied, paid="20250201"),
        remittance(paid_claim(), paid="20250301"),
    )
    expected = ["A1 1 4 0.00", "A1 2 1 80.00", "A1 3 22 -80.00", "A1 4 1 90.00"]
    claims = load(tmp_path, *files(claim(), remits=remits))
    assert adjudications(claims) == expected
    assert claims.table("line_payments")["claim_line_number"].tolist() == [1, 1, 1, 1]
    outcome = claims.query("SELECT * FROM line_outcomes")
    assert show(outcome, "initial_outcome final_outcome denial_carc paid_amount") == ["denied paid 50 90.00"]
    # The same four remittances without their claim are one claim too.
    alone = load(tmp_path, *files(claim("Z9", charge="70"), remits=remits))
    assert adjudications(alone) == expected
    assert show(alone.table("lines").query("claim_id == 'A1'"), "hcpcs_code charge_amount") == [
        "99213 100.00"
    ]
    assert counts(alone)["remittance claims without an 837"] == 4


def test_lines_are_matched_by_number_else_by_what_they_share(tmp_path: Path) -> None:
    lines = (
        "LX*1~SV1*HC:99213*100*UN*1***1~DTP*472*D8*20250110~REF*6R*X1~"
        "LX*2~SV1*HC:36415*10*UN*1***1~DTP*472*D8*20250110~LX*3~SV1*HC:36415*10*UN*1***1~DTP*472*D8*20250111~"
        "LX*4~SV1*HC:80053*50*UN*1***1~DTP*472*D8*20250110~LX*5~SV1*HC:99214*70*UN*1***1~DTP*472*D8*20250112~"
    )
    paid = (
        "SVC*HC:99999*7*0**1~DTM*472*20250110~"  # nothing like it on the claim
        "SVC*HC:99211*70*40**1~DTM*472*20250112~"  # paid as a lower code, which the payer does not say
        "SVC*HC:80050*50*30*30**HC:80053~DTM*472*20250110~"  # paid as another code, which the payer says
        "SVC*HC:36415*10*5**1~DTM*472*20250111~SVC*HC:36415*10*6**1~DTM*472*20250110~"
        "SVC*HC:99212*100*80**1~DTM*472*20250110~REF*6R*X1~"
    )
    claims = load(
        tmp_path,
        *files(claim(charge="240", lines=lines), remits=(remittance(paid_claim(charge="240", lines=paid)),)),
    )
    assert show(
        claims.table("line_payments"),
        "service_number claim_line_number hcpcs_code submitted_hcpcs_code paid_amount",
    ) == [
        "1 - 99999 - 0.00",
        "2 5 99211 - 40.00",
        "3 4 80050 80053 30.00",
        "4 3 36415 - 5.00",
        "5 2 36415 - 6.00",
        "6 1 99212 - 80.00",
    ]
    assert counts(claims)["remittance lines without an 837"] == 1


def test_lx_numbers_serve_where_the_claim_has_no_line_numbers(tmp_path: Path) -> None:
    lines = "LX*1~SV1*HC:36415*10*UN*1***1~LX*2~SV1*HC:36415*10*UN*1***1~"
    paid = "SVC*HC:36415*10*5**1~REF*6R*2~SVC*HC:36415*10*6**1~REF*6R*01~"
    claims = load(
        tmp_path,
        *files(claim(charge="20", lines=lines), remits=(remittance(paid_claim(charge="20", lines=paid)),)),
    )
    assert show(claims.table("line_payments"), "claim_line_number paid_amount") == ["2 5.00", "1 6.00"]


def test_a_number_that_repeats_goes_by_person_charge_and_dates(tmp_path: Path) -> None:
    sent = interchange(
        professional(
            subscriber("M1"), claim("A1"), subscriber("M2"), claim("A1"), subscriber("M3"), claim("A1", "250")
        )
    )
    remit = remittance(
        paid_claim(member="M2", paid="2"),
        paid_claim(member="OTHER", charge="250", paid="3"),
        paid_claim(paid="1"),
    )
    stranger = remittance(
        "CLP*A1*1*777*4**12*ICN~NM1*QC*1*ROE*ANN****MI*M9~SVC*HC:99213*777*4~DTM*472*20200101~", number="0002"
    )
    claims = load(tmp_path, sent, interchange(remit, stranger, kind="HP"))
    found = claims.query(
        "SELECT c.person_id, a.paid_amount FROM adjudications a JOIN claims c USING (claim_id)"
    )
    assert sorted(show(found, "person_id paid_amount")) == ["M1 1.00", "M2 2.00", "M3 3.00", "M9 4.00"]
    assert claims.table("claims")["claim_id"].tolist() == ["A1#1", "A1#2", "A1#3", "A1#4"]


def test_equal_resubmissions_are_taken_in_order(tmp_path: Path) -> None:
    replaced = claim("A1").replace("11:B:1", "11:B:7")
    remits = (
        remittance(paid_claim(status="4", paid="0"), paid="20250201"),
        remittance(paid_claim(), paid="20250301"),
    )
    claims = load(tmp_path, *files(claim("A1"), replaced, remits=remits))
    found = claims.query(
        "SELECT c.frequency_code, a.paid_amount FROM adjudications a JOIN claims c USING (claim_id)"
    )
    assert sorted(show(found, "frequency_code paid_amount")) == ["1 0.00", "7 80.00"]


def test_a_replacement_that_names_the_adjudicated_claim_is_not_that_claim(tmp_path: Path) -> None:
    replacement = claim("A1", diagnoses="REF*F8*ICNA1~HI*ABK:E119~").replace("11:B:1", "11:B:7")
    claims = load(tmp_path, *files(replacement, claim("A1"), remits=(remittance(paid_claim()),)))
    found = claims.query("SELECT c.frequency_code FROM adjudications a JOIN claims c USING (claim_id)")
    assert found["frequency_code"].tolist() == ["1"]


def test_one_remittance_holds_different_claims_under_one_number(tmp_path: Path) -> None:
    remit = remittance(
        paid_claim("X"), paid_claim("X"), paid_claim("X", member="M2"), paid_claim("X", charge="5")
    )
    claims = load(tmp_path, interchange(remit, kind="HP"))
    assert claims.table("claims")["claim_id"].tolist() == ["X#1", "X#2", "X#3", "X#4"]
    assert set(claims.table("adjudications")["adjudication_number"]) == {1}


def test_the_order_of_files_and_workers_changes_nothing(tmp_path: Path) -> None:
    remits = (remittance(paid_claim(), paid="20250301"), remittance(paid_claim(paid="1"), paid="20250301"))
    load(tmp_path, *files(claim("A1"), claim("B1"), claim("A1"), remits=remits))
    paths = sorted(tmp_path.glob("*.edi"))
    runs = [read_x12(list(order), progress=False) for order in (paths, paths[::-1], paths[1:] + paths[:1])]
    runs += [read_x12(tmp_path, progress=False, workers=2)]
    for table in TABLES:
        first = runs[0].table(table)
        for other in runs[1:]:
            pd.testing.assert_frame_equal(first, other.table(table))
