"""Files that hold no claims are refused by what they are."""

from __future__ import annotations

from pathlib import Path

import pytest

import cpticd as cx
from cpticd.errors import CpticdError, InputError

X12 = "ISA*00*          *00*          *ZZ*A              *ZZ*B              *250101*1200*^*00501*000000001*0*P*:~GS*{gs}*A*B*20250101*1200*1*X*005010~ST*{st}*0001~SE*2*0001~GE*1*1~IEA*1*000000001~"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("hospital_name,last_updated_on,version\nGeneral,2025-01-01,2.0\ndescription,code|1,standard_charge|gross\n", "price transparency"),
        ("description,code|1,code|1|type,standard_charge|gross\nXray,71046,CPT,300\n", "price transparency"),
        ("description,code|1,standard_charge|Alder|PPO|negotiated_dollar\nXray,71046,300\n", "price transparency"),
        ("Rndrng_NPI,Rndrng_Prvdr_Last_Org_Name,HCPCS_Cd,Tot_Benes,Tot_Srvcs,Avg_Sbmtd_Chrg\n1003000126,Doe,99213,20,40,150\n", "summary of services by provider"),
        ("Prscrbr_NPI,Gnrc_Name,Tot_Clms,Tot_Drug_Cst\n1003000126,Aspirin,20,40\n", "summary of prescriptions"),
        ("Payer,Month,Total Claims,Denied Claims\nAlder,2025-01,400,31\n", "counts of claims"),
        ("Member ID,Last Name,DOB,Gender,Effective Date\nM1,Doe,1950-01-01,F,2025-01-01\n", "a roster of persons"),
        ("NPI,Provider Name,Taxonomy Code,City\n1003000126,Doe,207Q00000X,Denver\n", "a list of providers"),
        ("CPT,Modifier,Description,Fee\n99213,,Visit,91.20\n", "a fee schedule"),
        ("HCPCS,Description,Charge\n99213,Visit,120\n", "price list"),
        ("Code,Description\nE11.9,Diabetes\n", "not recognised"),
        ("CARC,Description\n50,Not necessary\n", "a list of codes"),
        ('{"reporting_entity_name": "Alder", "in_network": []}', "health plan's price transparency"),
        ('{"hospital_name": "G", "standard_charge_information": []}', "hospital's price transparency"),
        ("MSH|^~\\&|A|B|C|D|202501011200||ADT^A01|1|P|2.3\rPID|1||M1\r", "an HL7 version 2 message"),
        ('<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3"></ClinicalDocument>', "a clinical document"),
        (X12.format(gs="HB", st="271"), "an inquiry about eligibility"),
        (X12.format(gs="HR", st="276"), "an inquiry about the status"),
        (X12.format(gs="HI", st="278"), "a request for authorization"),
    ],
)  # fmt: skip
def test_it_is_refused_by_what_it_is(tmp_path: Path, text: str, what: str) -> None:
    path = tmp_path / "file.txt"
    path.write_text(text)
    with pytest.raises(InputError, match=what):
        cx.read(path, progress=False)
    found = cx.look(path)
    assert what in found.reason and not found.call
    assert what in repr(found)


@pytest.mark.parametrize(
    "text",
    [
        "Claim ID,DOS,CPT,Fee\nA1,2025-01-01,99213,80\n",
        "Encounter Number,Patient,NPI,Service Date,CPT,Charge\nA1,P1,1003000126,2025-01-01,99213,80\n",
    ],
)
def test_claims_are_not_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "file.csv"
    path.write_text(text)
    assert len(cx.read(path, quiet=True, progress=False).table("lines")) == 1


def test_a_ledger_of_transactions_has_no_row_for_a_line_and_its_columns_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "ledger.csv"
    path.write_text(
        "Claim,DOS,CPT,Txn Type,Amount,Reason\nA1,2025-01-02,99213,Charge,150,\nA1,2025-01-02,99213,Denial,0,CO-50\n"
    )
    for read in (cx.read, cx.read_wide):
        with pytest.raises(CpticdError, match=r"a ledger of transactions.*ask for a row per service line"):
            read(path, progress=False)
    assert "a ledger of transactions" in repr(cx.look(path))
    # Whoever says what the amount is has said what a row is.
    assert len(
        cx.read_wide(path, rename={"Amount": "charge_amount"}, quiet=True, progress=False).table("lines")
    )
