"""Which claim and which of its lines a remittance answers, where numbers alone do not tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.loaders.x12_text import (
    Taken,
    claim,
    interchange,
    paid_claim,
    professional,
    remittance,
    show,
    subscriber,
)

DAY = "DTM*472*20250110~"


def sent(
    *claims: str, payer: str = "PAYER ONE", payer_id: str = "P1", order: str = "P", on: str = "20250115"
) -> str:
    """An 837 of one subscriber's claims to one payer, sent on a day."""
    return interchange(
        professional(subscriber(payer=payer, payer_id=payer_id, order=order), *claims, sent=on)
    )


def answered(*claims: str, payer: str = "PAYER ONE", payer_id: str = "", on: str = "20250201") -> str:
    """An 835 of one payer, dated on a day."""
    return interchange(
        remittance(*claims, payer=payer, payer_id=payer_id, paid=on, trace=payer + on), kind="HP"
    )


def who(claims: Taken, columns: str) -> list[str]:
    """Which claim each adjudication stands on, the columns of both."""
    return sorted(
        show(
            claims.query(
                "SELECT a.*, c.payer AS billed, c.payer_sequence AS sequence, c.frequency_code AS sent, "
                "c.charge_amount AS charge FROM adjudications a JOIN claims c USING (claim_id)"
            ),
            columns,
        )
    )


def answers(claims: Taken) -> list[str]:
    """Each service row with the line that it answers."""
    return show(
        claims.query("SELECT * FROM line_payments ORDER BY claim_id, adjudication_number, service_number"),
        "service_number claim_line_number paid_amount",
    )


def line(
    number: int, code: str, charge: str, *, units: str = "1", control: str = "", day: str = "20250110"
) -> str:
    own = f"REF*6R*{control}~" if control else ""
    return f"LX*{number}~SV1*HC:{code}*{charge}*UN*{units}***1~DTP*472*D8*{day}~{own}"


def row(
    code: str, charge: str, paid: str, *, units: str = "1", control: str = "", submitted: str = ""
) -> str:
    rest = f"{units}*HC:{submitted}" if submitted else units
    own = f"REF*6R*{control}~" if control else ""
    cut = f"{float(charge) - float(paid):g}"
    return f"SVC*HC:{code}*{charge}*{paid}**{rest}~{DAY}CAS*CO*45*{cut}~{own}"


# -- claims -----------------------------------------------------------------------------------------------------


def two_payers() -> list[str]:
    return [sent(claim()), sent(claim(), payer="PAYER TWO", payer_id="P2", order="S")]


@pytest.mark.parametrize(
    "remit",
    [
        answered(paid_claim(paid="7"), payer="PAYER TWO"),  # by name
        answered(paid_claim(paid="7"), payer="Payer Two, Inc."),  # by a name that is likely the same
        answered(paid_claim(paid="7"), payer="SUCCESSOR", payer_id="P2"),  # by payer id
        answered(
            paid_claim(paid="7", status="2"), payer="SOMEBODY"
        ),  # by the order in which the payer decided
    ],
    ids=["name", "likely name", "id", "order"],
)
def test_a_remittance_answers_the_claim_to_its_payer(tmp_path: Path, remit: str) -> None:
    claims = Taken(tmp_path, *two_payers(), remit)
    assert who(claims, "sequence paid_amount") == ["2 7.00"]


@pytest.mark.parametrize("order", ["0123", "3210", "2031"])
def test_payers_that_answer_crosswise_are_told_apart_in_any_order_of_files(
    tmp_path: Path, order: str
) -> None:
    texts = [
        *two_payers(),
        answered(paid_claim(paid="20", status="2"), payer="PAYER TWO", on="20250116"),
        answered(paid_claim(paid="0", status="1"), on="20250215"),
    ]
    claims = Taken(tmp_path, *texts, names=list(order))
    assert who(claims, "billed paid_amount") == ["PAYER ONE 0.00", "PAYER TWO 20.00"]


def test_the_frequency_that_the_payer_repeats_tells_original_and_replacement_apart(tmp_path: Path) -> None:
    both = [sent(claim()), sent(claim(frequency="7", replaces="ICN1"), on="20250301")]
    first = answered(paid_claim(paid="0", icn="ICN1", frequency="1"))
    again = answered(paid_claim(paid="5", icn="ICN2", frequency="1"), on="20250220")
    last = answered(paid_claim(paid="80", icn="ICN7", frequency="7"), on="20250401")
    assert who(Taken(tmp_path, *both, last), "sent paid_amount") == ["7 80.00"]
    expected = ["1 0.00", "1 5.00", "7 80.00"]
    assert who(Taken(tmp_path, last, again, first, *both), "sent paid_amount") == expected


def test_without_a_frequency_the_payer_s_number_and_the_day_of_sending_tell(tmp_path: Path) -> None:
    both = [sent(claim(frequency="7", replaces="ICN1"), on="20250301"), sent(claim())]
    first, last = answered(paid_claim(paid="0", icn="ICN1")), answered(paid_claim(icn="ICN7"), on="20250401")
    assert who(Taken(tmp_path, *both, first, last), "sent paid_amount") == ["1 0.00", "7 80.00"]
    before = answered(paid_claim(paid="3", icn="ICN3"), on="20250220")
    assert who(Taken(tmp_path, *both, first, before, last), "sent paid_amount") == [
        "1 0.00",
        "1 3.00",
        "7 80.00",
    ]


def test_a_replacement_of_another_charge_is_answered_by_its_charge(tmp_path: Path) -> None:
    lines = line(1, "99214", "120")
    both = [sent(claim()), sent(claim(charge="120", lines=lines, frequency="7"), on="20250301")]
    paid = paid_claim(charge="120", paid="90", lines=row("99214", "120", "90"), frequency="1")
    assert who(Taken(tmp_path, *both, answered(paid, on="20250401")), "sent paid_amount") == ["7 90.00"]


def test_a_reversal_goes_with_the_decision_that_bears_its_number(tmp_path: Path) -> None:
    both = [sent(claim()), sent(claim(frequency="8", replaces="ICN1"), on="20250301")]
    taken = paid_claim(status="22", charge="-100", paid="-80", icn="ICN1", frequency="8", lines="")
    claims = Taken(tmp_path, *both, answered(paid_claim(icn="ICN1")), answered(taken, on="20250401"))
    assert who(claims, "sent paid_amount") == ["1 -80.00", "1 80.00"]


def test_two_payers_without_any_claim_answer_one(tmp_path: Path) -> None:
    claims = Taken(
        tmp_path,
        answered(paid_claim(paid="60", lines=row("99213", "100", "60"))),
        answered(paid_claim(paid="20", status="2", lines=row("99213", "100", "20")), payer="PAYER TWO"),
    )
    assert who(claims, "claim_id payer paid_amount") == ["A1 PAYER ONE 60.00", "A1 PAYER TWO 20.00"]


# -- numbers that were changed ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("CLINIC-000123456789", "CLINIC-00012"),  # cut at the end
        ("CLINIC-000123456789", "123456789"),  # cut at the start
        ("CLINIC-000123456789", "clinic 000123456789"),  # written otherwise
        ("0001234", "1234"),  # without leading zeros
        ("A1", "0"),  # zeroed
        ("A1", "Z77"),  # another one
    ],
)
def test_a_changed_number_finds_the_claim_that_is_alike_and_says_so(
    tmp_path: Path, number: str, shown: str
) -> None:
    other = claim("B9", "70", lines=line(1, "99212", "70"))
    claims = Taken(tmp_path, sent(claim(number), other), answered(paid_claim(shown)))
    assert who(claims, "claim_id") == [number]
    note = claims.rejects[claims.rejects["table_name"] == "adjudications"].iloc[0]
    assert (note["action"], note["severity"]) == ("noted", "warning")
    assert f"number {shown} answers claim {number}" in note["content"]


def test_a_number_written_otherwise_is_enough_where_the_person_has_another(tmp_path: Path) -> None:
    paid = paid_claim("clinic00012345678", member="OTHER")
    claims = Taken(tmp_path, sent(claim("CLINIC-00012345678901")), answered(paid))
    assert who(claims, "claim_id") == ["CLINIC-00012345678901"]
    (tmp_path / "else").mkdir()
    stranger = Taken(
        tmp_path / "else", sent(claim("CLINIC-00012345678901")), answered(paid_claim("Z1", member="OTHER"))
    )
    assert who(stranger, "claim_id") == ["Z1"]


@pytest.mark.parametrize(
    ("claims_sent", "shown"),
    [
        ((claim("A1"), claim("A2")), ("Z1",)),  # two claims it may be
        ((claim("A1"),), ("Z1", "Z2")),  # two numbers for one claim
        ((claim("A1"),), ("A1", "Z2")),  # the payer has answered the claim under its own number
        ((claim("A1", lines=line(1, "99214", "100")),), ("Z1",)),  # another procedure
    ],
    ids=["two claims", "two numbers", "answered", "procedure"],
)
def test_a_changed_number_that_leaves_a_doubt_stays_alone(
    tmp_path: Path, claims_sent: tuple[str, ...], shown: tuple[str, ...]
) -> None:
    claims = Taken(tmp_path, sent(*claims_sent), answered(*map(paid_claim, shown)))
    lone = [number for number in shown if number != "A1"]
    assert set(lone) <= {*claims.table("claims")["claim_id"]}
    note = claims.noted("remittance claims that answer no claim")
    assert note["reason"].str.endswith(f": {len(lone)}").all() and len(note) == 1
    assert note["content"].tolist() == [f"such as {lone[0]}"] and set(note["severity"]) == {"note"}


def test_remittances_alone_are_not_told_that_they_answer_no_claim(tmp_path: Path) -> None:
    assert Taken(tmp_path, answered(paid_claim())).rejects.empty


# -- lines ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("control", ["7", ""], ids=["with line numbers", "without"])
def test_parts_of_a_line_answer_it_together(tmp_path: Path, control: str) -> None:
    """By its number, else since their charges add up to its own; another line of the procedure is its own."""
    lines = line(1, "97110", "200", units="4", control=control) + line(2, "97110", "50")
    parts = row("97110", "150", "90", units="3", control=control) + row("97110", "50", "0", control=control)
    paid = paid_claim(charge="250", paid="130", lines=parts + row("97110", "50", "40"))
    claims = Taken(tmp_path, sent(claim(charge="250", lines=lines)), answered(paid))
    rows = answers(claims)
    assert rows[0] == "1 1 90.00" and sorted(each.split()[1] for each in rows) == ["1", "1", "2"]


def test_parts_that_do_not_add_up_answer_the_only_line_of_their_procedure(tmp_path: Path) -> None:
    lines = line(1, "97110", "200", units="4") + line(2, "97140", "60")
    parts = row("97110", "120", "90") + row("97110", "50", "0") + row("97140", "60", "30")
    claims = Taken(
        tmp_path,
        sent(claim(charge="260", lines=lines)),
        answered(paid_claim(charge="260", paid="120", lines=parts)),
    )
    assert answers(claims) == ["1 1 90.00", "2 1 0.00", "3 2 30.00"]


def test_a_line_split_over_two_claims_of_the_payer_is_answered_by_both(tmp_path: Path) -> None:
    lines = line(1, "97110", "200", units="4")
    paid = paid_claim(charge="150", paid="120", lines=row("97110", "150", "120", units="3"), icn="I1")
    denied = paid_claim(charge="50", paid="0", lines=f"SVC*HC:97110*50*0**1~{DAY}CAS*CO*151*50~", icn="I2")
    claims = Taken(tmp_path, sent(claim(charge="200", lines=lines)), answered(paid, denied))
    assert who(claims, "claim_id adjudication_number") == ["A1 1", "A1 2"]
    assert answers(claims) == ["1 1 120.00", "1 1 0.00"]


def test_components_of_a_panel_answer_its_line(tmp_path: Path) -> None:
    """The first repeats the charge, the others have none; two panels are two lines."""
    lines = line(1, "80050", "300") + line(2, "80050", "300") + line(3, "85025", "20")
    panel = row("80053", "300", "40", submitted="80050") + row("85025", "0", "50", submitted="80050")
    paid = paid_claim(charge="620", paid="195", lines=panel + panel + row("85025", "20", "15"))
    claims = Taken(tmp_path, sent(claim(charge="620", lines=lines)), answered(paid))
    assert answers(claims) == ["1 1 40.00", "2 1 50.00", "3 2 40.00", "4 2 50.00", "5 3 15.00"]


def test_a_part_without_a_charge_goes_with_the_row_before(tmp_path: Path) -> None:
    """A line of the claim without a charge, such as a quality code, has its own row."""
    lines = line(1, "97110", "200", units="4") + line(2, "3074F", "0")
    parts = row("97110", "200", "90") + row("97110", "0", "30") + row("3074F", "0", "0")
    claims = Taken(
        tmp_path,
        sent(claim(charge="200", lines=lines)),
        answered(paid_claim(charge="200", paid="120", lines=parts)),
    )
    assert answers(claims) == ["1 1 90.00", "2 1 30.00", "3 2 0.00"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("77067:26", "100", "1"), ("77067:TC", "100", "1")),
        (("77067:LT:59", "100", "1"), ("77067:RT:59", "100", "1")),
        (("J1100", "100", "4"), ("J1100", "100", "8")),
        (("99213", "100", "1"), ("99213", "90", "1")),
    ],
    ids=["component", "side", "units", "charge"],
)
def test_lines_of_one_procedure_are_told_apart(
    tmp_path: Path, first: tuple[str, str, str], second: tuple[str, str, str]
) -> None:
    """The remittance has them the other way round, its modifiers in another order."""
    charge = str(int(first[1]) + int(second[1]))
    lines = line(1, *first[:2], units=first[2]) + line(2, *second[:2], units=second[2])
    code, *modifiers = second[0].split(":")
    turned = ":".join([code, *modifiers[::-1]])
    paid = row(turned, second[1], "2", units=second[2]) + row(first[0], first[1], "1", units=first[2])
    claims = Taken(
        tmp_path,
        sent(claim(charge=charge, lines=lines)),
        answered(paid_claim(charge=charge, paid="3", lines=paid)),
    )
    assert answers(claims) == ["1 2 2.00", "2 1 1.00"]


def test_a_row_that_answers_no_line_has_none_and_keeps_its_reasons(tmp_path: Path) -> None:
    extra = f"SVC*HC:99999*7*0**1~{DAY}CAS*CO*97*7~LQ*HE*N130~"
    paid = paid_claim(charge="107", paid="80", lines=row("99213", "100", "80") + extra)
    claims = Taken(tmp_path, sent(claim(charge="107")), answered(paid))
    for table in ("adjustments", "remarks"):
        found = claims.query(f"SELECT * FROM {table} ORDER BY service_number DESC LIMIT 1")
        assert show(found, "service_number claim_line_number") == ["2 -"]
    assert answers(claims) == ["1 1 80.00", "2 - 0.00"]


def test_rows_of_one_line_are_one_line_where_there_is_no_claim(tmp_path: Path) -> None:
    panel = row("80053", "300", "40", submitted="80050") + row("85025", "0", "50", submitted="80050")
    parts = row("97110", "150", "90", units="3", control="7") + row("97110", "50", "0", control="7")
    claims = Taken(tmp_path, answered(paid_claim(charge="500", paid="180", lines=panel + parts)))
    assert show(
        claims.table("lines"), "claim_line_number hcpcs_code charge_amount service_unit_quantity"
    ) == [
        "1 80050 300.00 2.00",
        "3 97110 200.00 4.00",
    ]
    assert answers(claims) == ["1 1 40.00", "2 1 50.00", "3 3 90.00", "4 3 0.00"]


# -- what a claim reports of another payer ----------------------------------------------------------------------


def test_what_a_claim_reports_of_another_payer_is_a_decision_of_his(tmp_path: Path) -> None:
    other = "SBR*P*18*******CI~CAS*CO*96*5~AMT*D*55~OI***Y***Y~NM1*IL*1*DOE*PAT****MI*M1~NM1*PR*2*PAYER TWO*****PI*P2~"
    told = "SVD*P2*60*HC:99213**1~CAS*CO*45*20~CAS*PR*2*20~DTP*573*D8*20250401~"
    text = claim(diagnoses="HI*ABK:E119~" + other, lines=line(1, "99213", "100") + told)
    claims = Taken(
        tmp_path,
        sent(text, order="S"),
        answered(paid_claim(status="2", paid="20", lines=row("99213", "100", "20"))),
    )
    found = claims.query("SELECT * FROM adjudications ORDER BY adjudication_number")
    assert show(
        found, "adjudication_number payer payer_id payer_sequence is_reported paid_amount charge_amount"
    ) == [
        "1 PAYER ONE - 2 - 20.00 100.00",
        "2 PAYER TWO P2 1 True 55.00 100.00",
    ]
    reasons = claims.query("SELECT * FROM adjustments WHERE adjudication_number = 2 ORDER BY carc DESC")
    assert show(reasons, "service_number claim_line_number group_code carc amount") == [
        "- - CO 96 5.00", "1 1 CO 45 20.00", "1 1 PR 2 20.00",
    ]  # fmt: skip
    rows = claims.query("SELECT * FROM line_payments WHERE adjudication_number = 2")
    assert show(rows, "claim_line_number paid_amount charge_amount") == ["1 60.00 100.00"]
    assert {*claims.rejects["severity"]} <= {"note"}


def test_another_payer_who_has_not_decided_reports_nothing(tmp_path: Path) -> None:
    other = "SBR*S*18*******CI~OI***Y***Y~NM1*IL*1*DOE*PAT****MI*M1~NM1*PR*2*PAYER TWO*****PI*P2~"
    claims = Taken(tmp_path, sent(claim(diagnoses="HI*ABK:E119~" + other)))
    assert claims.table("adjudications").empty


def test_a_payment_has_an_identifier_of_its_own(tmp_path: Path) -> None:
    plb = "PLB*1111111111*20251231*L6:X*-1.25~"
    first = remittance(paid_claim(), plb, trace="CK1")
    others = [
        remittance(paid_claim(number), trace="CK2", number=f"000{place}")
        for place, number in enumerate("BC", 2)
    ]
    claims = Taken(tmp_path, interchange(first, *others, kind="HP"))
    assert show(claims.table("payments"), "payment_id trace_number amount imbalance_amount") == [
        "CK1 CK1 81.25 0.00",
        "CK2#1 CK2 80.00 0.00",
        "CK2#2 CK2 80.00 0.00",
    ]
    joined = claims.query("SELECT claim_id, payment_id FROM adjudications ORDER BY claim_id")
    assert show(joined, "claim_id payment_id") == ["A1 CK1", "B CK2#1", "C CK2#2"]
    assert claims.table("provider_adjustments")["payment_id"].tolist() == ["CK1"]
