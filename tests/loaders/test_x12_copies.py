"""What was read twice counts once, and is told; what is merely alike counts twice."""

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
    transaction,
)

BATCH = interchange(professional(subscriber(), claim("A1"), claim("B1")))
PAID = interchange(
    remittance(paid_claim("A1"), paid_claim("B1", paid="40"), "PLB*1111111111*20251231*L6:X*-1.25~"),
    kind="HP",
)
TABLES = ("claims", "lines", "diagnoses", "pointers", "members", "adjudications", "line_payments", "adjustments",
          "payments", "provider_adjustments")  # fmt: skip


def sent_again(*claims: str, on: str = "20250310", control: str = "000000002") -> str:
    """The claims in a batch of another day, under another control number."""
    text = interchange(professional(subscriber(), *claims, sent=on)).replace("000000001", control)
    return text.replace("*1200*1*X*", f"*1200*{int(control)}*X*").replace("GE*1*1~", f"GE*1*{int(control)}~")


def sizes(claims: Taken) -> dict[str, int]:
    return {name: len(claims.table(name)) for name in TABLES}


@pytest.mark.parametrize(
    ("texts", "names", "reason"),
    [
        ((BATCH, BATCH, PAID), ("b.837", "b (1).837", "r.835"), "a copy of b (1).837: left out"),
        ((BATCH, PAID, PAID), ("b.837", "r.835", "older.835"), "a copy of older.835: left out"),
        (
            (BATCH * 2, PAID),
            ("b.837", "r.835"),
            "a copy of the transaction set at segment 3 of b.837: left out",
        ),
    ],
    ids=["claims", "remittance", "interchange"],
)
def test_a_copy_is_left_out(
    tmp_path: Path, texts: tuple[str, ...], names: tuple[str, ...], reason: str
) -> None:
    once, again = tmp_path / "once", tmp_path / "again"
    once.mkdir()
    again.mkdir()
    claims = Taken(again, *texts, names=list(names))
    assert sizes(claims) == sizes(Taken(once, BATCH, PAID))
    told = claims.noted("a copy of")
    assert show(told, "action severity") == ["noted warning"] and told["reason"].tolist() == [reason]
    found = claims.intake.accounting().to_pandas().query("table_name == 'segments'")
    assert (found["read"] == found["loaded"] + found["rejected"] + found["left_out"]).all()
    assert found["read"].sum() == sum(text.count("~") for text in texts)


def test_copies_of_many_sets_are_noted_together(tmp_path: Path) -> None:
    sets = [professional(subscriber(), claim(f"A{k}"), number=f"{k:04d}") for k in range(22)]
    claims = Taken(tmp_path, interchange(*sets, *sets))
    assert len(claims.table("claims")) == 22
    told = claims.noted("copies of")
    assert len(told) == 1 and told["content"].str.startswith("22 transaction sets").all()


def test_equal_control_numbers_over_other_claims_are_no_copies(tmp_path: Path) -> None:
    other = interchange(professional(subscriber(), claim("C1")))
    claims = Taken(tmp_path, BATCH, other)
    assert len(claims.table("claims")) == 3
    assert claims.noted("a copy").empty and claims.noted("a claim sent again").empty


def test_equal_visits_are_two_services(tmp_path: Path) -> None:
    """Of two weeks, of one day under two numbers, and twice in one batch."""
    later = claim("A2", lines="LX*1~SV1*HC:99213*100*UN*1***1:2~DTP*472*D8*20250117~REF*6R*L1~")
    claims = Taken(
        tmp_path, interchange(professional(subscriber(), claim("A1"), later, claim("A3"), claim("A3")))
    )
    assert len(claims.table("claims")) == 4 and claims.noted("a claim sent again").empty


@pytest.mark.parametrize(
    "remits", [(), (interchange(remittance(paid_claim()), kind="HP"),)], ids=["open", "answered"]
)
def test_a_claim_sent_again_unchanged_is_one(tmp_path: Path, remits: tuple[str, ...]) -> None:
    claims = Taken(tmp_path, interchange(professional(subscriber(), claim())), sent_again(claim()), *remits)
    assert show(claims.table("claims"), "claim_id data_source") == ["A1 f0.edi"]
    assert {name: len(claims.table(name)) for name in ("lines", "diagnoses", "pointers")} == {
        "lines": 1, "diagnoses": 2, "pointers": 2,
    }  # fmt: skip
    told = claims.noted("a claim sent again")
    assert show(told, "source location action severity amount") == [
        "f1.edi segment 17 rejected warning 100.00"
    ]
    assert "f0.edi, segment 17" in told["reason"].item() and "A1" in told["content"].item()
    counted = claims.intake.accounting().to_pandas().query("table_name == 'claims' and source == 'f1.edi'")
    assert show(counted, "read rejected amount_rejected") == ["1 1 100.00"]


@pytest.mark.parametrize(
    "other",
    [
        claim(diagnoses="HI*ABK:E1165*ABF:I10~"),
        claim(lines="LX*1~SV1*HC:99213:25*100*UN*1***1:2~DTP*472*D8*20250110~REF*6R*L1~"),
        claim(lines="LX*1~SV1*HC:99213*100*UN*1***2:1~DTP*472*D8*20250110~REF*6R*L1~"),
        claim(lines="LX*1~SV1*HC:99213*100*UN*1***1:2~DTP*472*D8*20250111~REF*6R*L1~"),
        claim(frequency="7"),
    ],
    ids=["diagnosis", "modifier", "pointer", "day", "replacement"],
)
def test_a_claim_that_was_changed_is_another(tmp_path: Path, other: str) -> None:
    claims = Taken(tmp_path, interchange(professional(subscriber(), claim())), sent_again(other))
    assert len(claims.table("claims")) == 2 and claims.noted("a claim sent again").empty


def test_a_claim_sent_again_that_was_answered_again_stays(tmp_path: Path) -> None:
    first = interchange(remittance(paid_claim(status="4", paid="0", icn="I1")), kind="HP")
    second = interchange(remittance(paid_claim(icn="I2"), paid="20250401", trace="2"), kind="HP")
    claims = Taken(
        tmp_path, interchange(professional(subscriber(), claim())), sent_again(claim()), first, second,
        sent_again(claim(), on="20250501", control="000000003"),
    )  # fmt: skip
    found = claims.query(
        "SELECT c.data_source, a.paid_amount FROM claims c LEFT JOIN adjudications a USING (claim_id) ORDER BY ALL"
    )
    assert show(found, "data_source paid_amount") == ["f0.edi 0.00", "f1.edi 80.00"]
    assert show(claims.noted("a claim sent again"), "source") == ["f4.edi"]


@pytest.mark.parametrize("by", ["277CA", "999"])
def test_a_claim_sent_again_after_it_was_turned_away_is_the_later_one(tmp_path: Path, by: str) -> None:
    refused = {
        "999": "AK1*HC*1~AK2*837*0001~IK5*R*5~AK9*R*1*1*0~",
        "277CA": "BHT*0085*08*1*20250305*1200*TH~HL*1**20*1~NM1*PR*2*PAYER ONE*****PI*P1~HL*2*1*21*1~HL*3*2*19*1~"
        "HL*4*3*PT~NM1*QC*1*DOE*PAT****MI*M1~TRN*2*A1~STC*A3:21*20250305*U*100~",
    }
    texts = [interchange(professional(subscriber(), claim())), sent_again(claim()), interchange(
        transaction(refused[by], kind=by[:3]), kind="FA" if by == "999" else "HN",
        version="005010X231A1" if by == "999" else "005010X214",
    ).replace("20250301", "20250305")]  # fmt: skip
    claims = Taken(tmp_path, *texts)
    assert show(claims.table("claims"), "claim_id data_source rejection_code") == ["A1 f1.edi -"]
    assert show(claims.noted("a claim sent again"), "source") == ["f0.edi"]
    (tmp_path / "alone").mkdir()
    assert Taken(tmp_path / "alone", texts[0], texts[2]).table("claims")["rejection_code"].notna().all()
