"""What segments say of payers, kinds of diagnosis, drugs and other payers' decisions; what is left out, and what answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import cpticd as cx
from cpticd.claims import Claims
from cpticd.loaders.x12.batches import Batches
from cpticd.loaders.x12.lines837 import drug_codes
from cpticd.loaders.x12.reader import looks_like_x12, read_x12
from cpticd.loaders.x12.spool import Spool, staged
from tests.loaders.x12_text import (
    PLAIN,
    balanced,
    claim,
    interchange,
    load,
    paid_claim,
    problems,
    professional,
    remittance,
    show,
    subscriber,
    transaction,
)


def staged_of(folder: Path, *texts: str, size: int = 1 << 20) -> dict[str, list[dict[str, object]]]:
    """Staged tables of files, before anything is joined: rows without what is null."""
    batches = Batches(Spool(folder / "spool"), size=size)
    for number, text in enumerate(texts):
        batches.read(number, [text.encode()])
    batches.close()
    return {
        name: [{k: v for k, v in row.items() if v is not None} for row in table.to_pylist()]
        for name, table in staged([folder / "spool"]).items()
    }


def codes(claims: Claims) -> list[str]:
    found = claims.query("SELECT * FROM diagnoses ORDER BY claim_id, diagnosis_position")
    return show(found, "claim_id diagnosis_position diagnosis_code diagnosis_kind")


@pytest.mark.parametrize("size", [1 << 20, 300])
def test_payers_and_their_order_whatever_the_batches(tmp_path: Path, size: int) -> None:
    """SBR01, NM1*PR: of the subscriber's own loop, not of the other payers of the claim before."""
    other = "SBR*P*18*******MB~OI***Y***Y~NM1*IL*1*DOE*PAT****MI*X1~NM1*PR*2*OTHER*****PI*P9~"
    lines = "LX*1~SV1*HC:99213*100*UN*1***1~DTP*472*D8*20250110~"
    second = subscriber().replace("SBR*P", "SBR*S")
    text = interchange(
        professional(
            second, claim("A1", lines=other + lines), claim("A2"), subscriber("M2"), claim("A3")
        ).replace("*1200*CH~", "*1200*RP~")
    )
    rows = staged_of(tmp_path, text, size=size)["claims"]
    assert [(r["source_claim_id"], r["payer_id"], r["payer_sequence"], r["payer_kind"]) for r in rows] == [
        ("A1", "P1", 2, "commercial"), ("A2", "P1", 2, "commercial"), ("A3", "P1", 1, "commercial"),
    ]  # fmt: skip
    assert [r["is_encounter"] for r in rows] == [True] * 3
    assert len({r["set_key"] for r in rows}) == 1


@pytest.mark.parametrize("size", [1 << 20, 400])
def test_sets_are_told_apart_by_what_they_hold_alone(tmp_path: Path, size: int) -> None:
    """Control numbers, separators and the batches that a set is read in do not matter; one changed code does."""
    body = (subscriber(), claim("A1"), subscriber("M2"), claim("A2"))
    one = interchange(professional(*body))
    again = interchange(professional(*body, number="0777")).replace("*", "|")
    third = one.replace("ABF:I10", "ABF:I11", 1)
    sets = staged_of(tmp_path, one, again, third, size=size)["sets"]
    assert [each["set_control"] for each in sets] == ["0001", "0777", "0001"]
    assert [each["segments"] for each in sets] == [one[one.index("ST*") : one.index("GE*")].count("~")] * 3
    assert sets[0]["digest"] == sets[1]["digest"] != sets[2]["digest"]


BILL_TYPES = {"13:A:1": "131", "013:A:7": "137", "0131:A:1": "131", "131:A": "131", "11:A:8": "118"}


def test_bill_types_are_written_one_way(tmp_path: Path) -> None:
    sent = [
        f"CLM*H{i}*10***{code}**A*Y*Y~DTP*434*D8*2025010{i + 1}~CL1*1*1*1~HI*DR:71~HI*ABK:I10~LX*1~SV2*0300**10*DA*2~"
        for i, code in enumerate(BILL_TYPES)
    ]
    claims = load(tmp_path, interchange(professional(subscriber(), *sent)))
    expected = [f"{bill} {bill[2]} 071 01" for bill in BILL_TYPES.values()]
    columns = "bill_type_code frequency_code drg_code discharge_status_code"
    assert show(claims.query("SELECT * FROM claims ORDER BY source_claim_id"), columns) == expected
    assert show(claims.table("lines").head(1), "unit_of_measure service_unit_quantity") == ["DA 2.00"]


def test_drugs_minutes_and_codes_of_other_lists(tmp_path: Path) -> None:
    lines = (
        "LX*1~SV1*HC:J1100*50*UN*10***1~LIN**N4*0009-1234-01~CTP****10*ML~LX*2~SV1*HC:00790:AA*900*MJ*95***1~"
        "LX*3~SV1*WK:ABC12*5*UN*1***1~LX*4~SV1*N4:00999123401*5*UN*1***1~LX*5~SV1*HC:99213*5*UN*1***1~LIN**UP*5~"
    )
    review = "PWK*09*AA***AC*1~"
    claims = load(
        tmp_path,
        interchange(
            professional(subscriber(), claim("A1", "965", lines=lines, diagnoses=review + "HI*ABK:I10~"))
        ),
    )
    columns = "claim_line_number hcpcs_code unit_of_measure service_unit_quantity ndc_code"
    assert show(claims.table("lines"), columns) == [
        "1 J1100 UN 10.00 00009123401", "2 00790 MJ - -", "3 - UN 1.00 -", "4 - UN 1.00 00999123401", "5 99213 UN 1.00 -",
    ]  # fmt: skip
    assert claims.table("claims")["is_chart_review"].tolist() == [True]
    said = show(problems(claims), "reason content")
    assert [text.split(":")[0][:60] for text in said] == [
        "a quantity of minutes or doses counts no units of service an", "a service that is no CPT or HCPCS code, by its qualifier; hc",
    ]  # fmt: skip
    assert "SV1*WK:ABC12" in said[1]
    left = claims.rejects.query("reason.str.startswith('left out')")["content"].item()
    assert (
        "CTP 1" in left and "LIN 1" in left
    )  # the quantity of the drug, and the supply that is no drug code
    assert balanced(claims)


def test_drug_codes_have_eleven_digits() -> None:
    import pyarrow as pa

    given = {"12345678901": "12345678901", "1234-5678-90": "01234567890", "12345-678-90": "12345067890"}
    given |= {"12345-6789-0": "12345678900", "12345678": None, "x": None}
    assert drug_codes(pa.array([*given])).to_pylist() == [*given.values()]


def test_diagnoses_that_cannot_be_read_keep_their_places(tmp_path: Path) -> None:
    """So that pointers of the lines go on naming what their sender meant; what joins several is read one by one."""
    sent = {
        "no code": "HI*ABK:*ABF:I10*ABF:E119~", "an empty one": "HI*ABK:E119**ABF:I10~",
        "no known qualifier": "HI*ABK:E119*XX:R05*ABF:I10~", "joined": "HI*ABK:E119:ABF:I10:ABF:N390~",
        "empty at the end": "HI*ABK:E119*ABF:I10**~", "of another list": "HI*ABK:E119*BE:01:::5*ABF:I10~",
    }  # fmt: skip
    lines = "LX*1~SV1*HC:99213*100*UN*1***2~DTP*472*D8*202501{day:02}~"
    body = [claim(f"A{i}", diagnoses=d, lines=lines.format(day=i + 1)) for i, d in enumerate(sent.values())]
    claims = load(tmp_path, interchange(professional(subscriber(), *body)))
    assert codes(claims) == [
        "A0 2 I10 other", "A0 3 E119 other", "A1 1 E119 principal", "A1 3 I10 other", "A2 1 E119 principal", "A2 3 I10 other",
        "A3 1 E119 principal", "A3 2 I10 other", "A3 3 N390 other", "A4 1 E119 principal", "A4 2 I10 other",
        "A5 1 E119 principal", "A5 2 I10 other",
    ]  # fmt: skip
    pointed = claims.query("SELECT claim_id, diagnosis_code FROM pairs ORDER BY claim_id")
    assert show(pointed, "claim_id diagnosis_code") == [
        "A0 I10",
        "A1 -",
        "A2 -",
        "A3 I10",
        "A4 I10",
        "A5 I10",
    ]
    said = " ".join(problems(claims)["reason"])
    assert "without a code; it keeps its place" in said and "XX:R05" in said and "one by one" in said


ADMITTED = (
    "CLM*H1*900***11:A:1**A*Y*Y~DTP*434*D8*20250105~HI*ABJ:E109~HI*ABK:E119~HI*APR:R05~HI*ABF:I10~HI*ABN:W19XXXA~"
    "LX*1~SV2*0300*HC:80053*900*UN*1~"
)


def test_what_a_person_was_admitted_with_is_no_reason_for_a_service(tmp_path: Path) -> None:
    """Nor is it held against what was found: E10 and E11 exclude one another."""
    claims = load(tmp_path, interchange(professional(subscriber(), ADMITTED)))
    assert codes(claims) == [
        "H1 1 E119 principal", "H1 2 I10 other", "H1 3 E109 admitting", "H1 4 R05 reason for visit",
        "H1 5 W19XXXA external cause",
    ]  # fmt: skip
    assert sorted(claims.query("SELECT diagnosis_code FROM pairs")["diagnosis_code"]) == [
        "E119",
        "I10",
        "W19XXXA",
    ]
    assert "excludes1" not in set(cx.rules.check(claims)["rule"])
    both = load(tmp_path, interchange(professional(subscriber(), ADMITTED.replace("HI*ABJ", "HI*ABF"))))
    assert "excludes1" in set(cx.rules.check(both)["rule"])


def test_remittances_say_who_paid_in_which_order_and_with_which_payment(tmp_path: Path) -> None:
    one = remittance(
        paid_claim("C1").replace("**12*", "**MB*"), paid_claim("C2", status="20", member="M2"), payer_id="P1"
    )
    taken = remittance(
        "PLB*1111111111*20251231*WO:R*80~", number="0002", payer="PAYER TWO", amount="80", trace="2"
    )
    taken = taken.replace("*C*CHK", "*D*ACH").replace("N1*PE", "REF*2U*P2~N1*PE")
    tables = staged_of(tmp_path, interchange(one, taken, kind="HP"))
    columns = ("payer", "payer_id", "trace_number", "method_code", "amount", "paid_date")
    assert [tuple(str(row[name]) for name in columns) for row in tables["payments"]] == [
        ("PAYER ONE", "P1", "1", "CHK", "160.00", "2025-02-01"), ("PAYER TWO", "P2", "2", "ACH", "-80.00", "2025-02-01"),
    ]  # fmt: skip
    assert [(r.get("payer_kind"), r["payer_sequence"], r["payer_id"]) for r in tables["remits"]] == [
        ("medicare", 1, "P1"), ("commercial", 2, "P1"),
    ]  # fmt: skip
    assert tables["provider_adjustments"][0]["set_key"] == tables["payments"][1]["key"]


def test_what_a_claim_reports_of_other_payers(tmp_path: Path) -> None:
    """Of the claim as a whole, of a line; a payer of whom nothing is said but his name has decided nothing."""
    other = (
        "SBR*P*18*******MB~CAS*PR*1*7~AMT*D*93~OI***Y***Y~NM1*IL*1*DOE*PAT****MI*X1~NM1*PR*2*FIRST*****PI*P9~"
        "DTP*573*D8*20250120~SBR*T*18*******CI~OI***Y***Y~NM1*PR*2*THIRD*****PI*P8~"
    )
    line = (
        "LX*1~SV1*HC:99213*100*UN*1***1~DTP*472*D8*20250110~SVD*P9*93*HC:99213:25:59*0450*1~CAS*CO*45*5*1*97*2~DTP*573*D8*20250121~"
        "SVD*P7*1*HC:99213**1~"
    )
    second = subscriber().replace("SBR*P", "SBR*S")
    text = interchange(professional(second, claim(lines=other + line)))
    tables = staged_of(tmp_path, text)
    names = ("place", "line", "payer", "payer_id", "payer_sequence", "paid_date", "paid_amount")
    assert [" ".join(str(row.get(name, "-")) for name in names) for row in tables["reported"]] == [
        "1 - FIRST P9 1 2025-01-20 93.00", "1 1 - P9 - 2025-01-21 93.00", "3 1 - P7 - - 1.00",
    ]  # fmt: skip
    assert [(r["place"], r.get("line"), r["adjustment_position"], r["carc"]) for r in tables["reported_adjustments"]] == [
        (1, None, 1, "1"), (1, 1, 1, "45"), (1, 1, 2, "97"),
    ]  # fmt: skip
    claims = load(tmp_path, text)
    assert show(claims.table("claims"), "person_id payer original_payer_claim_id") == ["M1 PAYER ONE -"]
    decided = claims.query("SELECT * FROM adjudications WHERE payer_id = 'P9'")
    assert show(decided, "payer payer_sequence is_reported") == ["FIRST 1 True"]
    answered = claims.table("line_payments")
    codes = "hcpcs_code hcpcs_modifier_1 hcpcs_modifier_2 hcpcs_modifier_3 revenue_center_code paid_amount"
    assert show(answered.sort_values("paid_amount", ascending=False), codes) == [
        "99213 25 59 - 0450 93.00", "99213 - - - - 1.00",
    ]  # fmt: skip


def test_how_much_of_a_drug_was_given_has_no_column_and_is_left_out(tmp_path: Path) -> None:
    """LIN names the drug; CTP counts millilitres or grams of it, which are no units of the service."""
    line = "LX*1~SV1*HC:J1885*100*UN*2***1~DTP*472*D8*20250110~LIN**N4*00409379501~CTP****1.5*ML~"
    claims = load(tmp_path, interchange(professional(subscriber(), claim(lines=line))))
    assert show(claims.table("lines"), "ndc_code service_unit_quantity unit_of_measure") == [
        "00409379501 2.00 UN"
    ]
    left = claims.rejects.query("reason.str.startswith('left out')")["content"].iloc[0]
    assert "CTP 1" in left and "LIN" not in left and balanced(claims)


def test_other_sets_cost_one_reject_a_kind_and_what_no_table_holds_is_left_out(tmp_path: Path) -> None:
    members = "".join(f"INS*Y*18~REF*0F*W{k}~HD*021**HLT~" for k in range(50))
    rest = [transaction(f"BGN*00*{k}~{members}", kind="820", number=f"000{k}") for k in (2, 3)]
    rest.append(transaction("BHT*0022*13*1*20250301~HL*1**20*1~", kind="270", number="0009"))
    claims = load(tmp_path, interchange(professional(subscriber(), claim()), *rest))
    assert show(claims.rejects.query("action == 'rejected'"), "severity location reason content") == [
        "note segment 24 2 transaction sets 820: neither claims (837), remittances (835) nor enrolments (834) 306 segments",
        "note segment 330 transaction set 270: neither claims (837), remittances (835) nor enrolments (834) 4 segments",
    ]
    account = claims.accounting().query("table_name == 'segments'").iloc[0]
    assert (account["rejected"], account["left_out"]) == (310, 5) and balanced(claims)
    left = claims.rejects.query("reason.str.startswith('left out')")
    assert left["content"].tolist() == ["N3 1, N4 1, NM1 2, REF 1"]
    assert "310 rejected; 5 segments left out" in repr(claims)


def turned_away(status: str = "A7:562:85", number: str = "A1", member: str = "M1") -> str:
    """A 277CA with one claim."""
    body = (
        "BHT*0085*08*1*20250305*1200*TH~HL*1**20*1~NM1*PR*2*PAYER ONE*****46*P1~HL*2*1*21*1~TRN*2*B1~"
        "STC*A1:19:PR*20250305*WQ*200~HL*3*2*19*1~HL*4*3*PT~NM1*QC*1*DOE*PAT****MI*"
        f"{member}~TRN*2*{number}~STC*{status}*20250306*U*100~REF*1K*9~DTP*472*D8*20250110~"
    )
    return interchange(transaction(body, kind="277"), kind="HN", version="005010X214")


TWO = interchange(professional(subscriber(), claim("A1"), subscriber("M2"), claim("A2")))


def states(claims: Claims) -> list[str]:
    found = claims.query(
        "SELECT s.claim_id, s.state, c.rejected_date, c.rejection_code FROM services s JOIN claims c USING (claim_id) "
        "ORDER BY s.claim_id"
    )
    return show(found, "claim_id state rejected_date rejection_code")


def test_claims_that_a_277ca_turned_away_never_reached_adjudication(tmp_path: Path) -> None:
    claims = load(tmp_path, TWO, turned_away())
    assert states(claims) == ["A1 rejected 2025-03-06 A7:562", "A2 not adjudicated - -"]
    assert show(problems(claims), "severity reason content") == [
        "warning turned away before adjudication: A7:562 A1"
    ]
    assert balanced(claims)
    assert cx.denials.rates(claims)["n"].sum() == 0


def test_what_was_accepted_or_is_another_persons_is_not_turned_away(tmp_path: Path) -> None:
    claims = load(tmp_path, TWO, turned_away("A2:20:PR"), turned_away(number="A2", member="M7"))
    assert states(claims) == ["A1 not adjudicated - -", "A2 not adjudicated - -"]
    assert ["not among the claims" in reason for reason in problems(claims)["reason"]] == [True]
    # An answer to a question about a claim's status is no acknowledgement.
    status = turned_away().replace("005010X214", "005010X212").replace("*TH~", "*TN~")
    claims = load(tmp_path, TWO, status)
    assert "transaction set 277" in claims.rejects.query("action == 'rejected'")["reason"].item()


def test_a_claim_that_was_paid_after_all_is_not_rejected(tmp_path: Path) -> None:
    claims = load(tmp_path, TWO, turned_away(), interchange(remittance(paid_claim("A1")), kind="HP"))
    assert states(claims) == ["A1 paid at first 2025-03-06 A7:562", "A2 not adjudicated - -"]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("999", "AK1*HC*1~AK2*837*0002~IK3*NM1*8**8~IK4*9*67*7~IK5*R*5~AK9*P*2*2*1~"),
        ("997", "AK1*HC*1~AK2*837*0002~AK3*NM1*8**8~AK5*R*5~AK9*P*2*2*1~"),
    ],
)
def test_a_999_turns_away_the_claims_of_one_set(tmp_path: Path, kind: str, body: str) -> None:
    def answer(text: str) -> str:
        return interchange(transaction(text, kind=kind), kind="FA").replace(
            "*20250301*1200*1*X*", "*20250303*1200*1*X*"
        )

    one = professional(subscriber(), claim("A1"))
    two = professional(subscriber("M2"), claim("A2"), number="0002")
    claims = load(tmp_path, interchange(one, two), answer(body))
    assert states(claims) == ["A1 not adjudicated - -", "A2 rejected 2025-03-03 IK5:R:5"]
    everything = (
        body.replace("AK2*837*0002~", "")
        .replace("IK5*R*5~", "")
        .replace("AK5*R*5~", "")
        .replace("*P*", "*R*")
    )
    claims = load(tmp_path, interchange(one, two), answer(everything))
    assert [line.split()[1] for line in states(claims)] == ["rejected", "rejected"]


def test_prose_and_configurations_that_quote_x12_are_no_claims(tmp_path: Path) -> None:
    header = PLAIN[: PLAIN.index("ST*")]
    others = {
        "about.md": "An interchange begins with ISA*00* and a claim is CLM*A1*100***11:B:1*Y*A*Y*Y~HI*ABK:E119~\n"
        * 4,
        "map.yaml": f"parser:\n  header: '{header}'\n"
        + "  - {id: 2400, starts: 'LX*', note: a service line}\n" * 30,
        "sample.json": json.dumps({"sample": PLAIN}),
        "segments.txt": "CLM*  claim\nHL*1**20*1 level\nSV1*HC:99213*100 service\nST*837*0001 and so on\n"
        * 4,
    }
    assert not any(looks_like_x12(text.encode()) for text in others.values())
    assert looks_like_x12(b"\n" + PLAIN.encode()) and looks_like_x12(PLAIN[PLAIN.index("ST*") :].encode())
    for name, text in others.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "a.837").write_text(PLAIN)
    claims = read_x12(tmp_path, progress=False)
    assert len(claims.table("claims")) == 1 and balanced(claims)
    assert set(problems(claims)["source"]) == set(others)


def test_what_cannot_be_opened_is_told_and_the_rest_loads(tmp_path: Path) -> None:
    (tmp_path / "a.837").write_text(PLAIN)
    (tmp_path / "gone.835").symlink_to(tmp_path / "nowhere")
    (tmp_path / "cut.zip").write_bytes(b"PK\x03\x04cut")
    (tmp_path / "empty.835").mkdir()
    claims = read_x12(tmp_path, tmp_path / "empty.835", progress=False)
    assert len(claims.table("claims")) == 1
    assert set(problems(claims)["source"]) == {"gone.835", "cut.zip", "empty.835"}
    assert set(problems(claims)["severity"]) == {"grave"}
    with pytest.warns(UserWarning, match="skipped 3 files"):
        claims = cx.read(tmp_path, tmp_path / "empty.835", progress=False, quiet=True)
    assert set(problems(claims)["source"]) == {"gone.835", "cut.zip", "empty.835"}
