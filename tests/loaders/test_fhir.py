"""FHIR claims of each dialect, and the traps that they hold."""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

import cpticd as cx
from cpticd.claims import Claims
from cpticd.core.errors import InputError
from tests.amount import first
from tests.loaders.fhir_text import (
    BLUE,
    CARC,
    CARIN,
    CPT,
    ICD10,
    RARC,
    TERMS,
    amount,
    blue,
    bundle,
    concept,
    denial,
    eob,
    item,
    lines,
    medicare,
    read,
)  # fmt: skip

PAID = (amount("submitted", 120), amount("benefit", 72), amount("paidtoprovider", 72))
REFUSED = (amount("submitted", 640), amount("benefit", 0), amount("paidtoprovider", 0))
VISIT = eob(
    "e1", item(1, "99214", *PAID, diagnosisSequence=[1]), item(2, "95810", *REFUSED, denial("50"), diagnosisSequence=[2])
)  # fmt: skip
CARRIER = medicare(
    "carrier-77", "CARRIER",
    {
        "sequence": 6, "service": concept((f"{BLUE}/codesystem/hcpcs", "99213")), "diagnosisLinkId": [2, 1],
        "careTeamLinkId": [3], "modifier": [concept((f"{BLUE}/codesystem/hcpcs", "25"))],
        "servicedPeriod": {"start": "2019-05-02", "end": "2019-05-02"}, "quantity": {"value": 2},
        "locationCodeableConcept": concept((f"{BLUE}/variables/line_place_of_srvc_cd", "11")),
        "adjudication": [
            blue("carr_line_rdcd_pmt_phys_astn_c", reason=("carr_line_rdcd_pmt_phys_astn_c", "0")),
            blue("line_nch_pmt_amt", 64), blue("line_prvdr_pmt_amt", 64), blue("line_coinsrnc_amt", 16),
            blue("line_sbmtd_chrg_amt", 150), blue("line_alowd_chrg_amt", 80), blue("line_prmry_alowd_chrg_amt", 0),
            blue("line_prcsg_ind_cd", reason=("line_prcsg_ind_cd", "A")),
        ],
    },
    {
        "sequence": 7, "service": concept((f"{BLUE}/codesystem/hcpcs", "80053")),
        "adjudication": [blue("line_nch_pmt_amt", 0), blue("line_sbmtd_chrg_amt", 40),
                         blue("line_prcsg_ind_cd", reason=("line_prcsg_ind_cd", "N"))],
    },
    information=[{"sequence": 1, "timingDate": "2019-05-17",
                  "category": concept((f"{BLUE}/codesystem/information", f"{BLUE}/variables/nch_wkly_proc_dt"))}],
    careTeam=[{"sequence": 3, "role": concept(("http://hl7.org/fhir/claimcareteamrole", "primary")),
               "provider": {"identifier": {"system": "http://hl7.org/fhir/sid/us-npi", "value": "1234567893"}}}],
    diagnosis=[{"sequence": 1, "diagnosisCodeableConcept": concept(("http://hl7.org/fhir/sid/icd-9-cm", "4019"))},
               {"sequence": 2, "diagnosisCodeableConcept": concept(("http://hl7.org/fhir/sid/icd-10", "E11.9")),
                "type": [concept((f"{BLUE}/codesystem/diagnosis-type", "principal"))]}],
)  # fmt: skip


def hospital() -> dict[str, Any]:
    variable, category = f"{BLUE}/variables", f"{BLUE}/codesystem/adjudication"
    adjudications = [
        amount("submitted", 9, (category, f"{variable}/rev_cntr_rate_amt")),
        amount("submitted", 500, (category, f"{variable}/rev_cntr_tot_chrg_amt")),
        amount("submitted", 0, (category, f"{variable}/rev_cntr_pmt_amt_amt")),
        amount("noncovered", 500, (category, f"{variable}/rev_cntr_ncvrd_chrg_amt")),
        denial("CO96", f"{variable}/rev_cntr_1st_ansi_cd"),
    ]
    total = {
        "sequence": 9,
        "revenue": concept((f"{variable}/rev_cntr", "1")),
        "adjudication": adjudications[:2],
    }
    kind = f"{CARIN}/C4BBSupportingInfoType"
    return eob(
        "outpatient-5", item(1, "99284", *adjudications, revenue=concept((f"{variable}/rev_cntr", "450"))), total,
        identifier=[{"system": f"{variable}/clm_id", "value": "5"}], insurer={"identifier": {"value": "CMS"}},
        type=concept((f"{BLUE}/codesystem/eob-type", "OUTPATIENT"), (f"{TERMS}/claim-type", "professional")),
        facility={"extension": [{"url": f"{variable}/clm_fac_type_cd", "valueCoding": {"code": "1"}}]},
        extension=[{"url": f"{variable}/clm_srvc_clsfctn_type_cd", "valueCoding": {"code": "3"}}],
        contained=[{"resourceType": "Organization", "id": "org", "identifier": [
            {"type": concept((f"{CARIN}/C4BBIdentifierType", "npi")), "value": "1234567893"}]}],
        provider={"reference": "#org"},
        supportingInfo=[{"category": concept((kind, "typeofbill")), "code": concept((f"{variable}/clm_freq_cd", "1"))},
                        {"category": concept((kind, "discharge-status")),
                         "code": concept((f"{variable}/ptnt_dschrg_stus_cd", "1"))}],
    )  # fmt: skip


def claim(name: str, charge: int) -> dict[str, Any]:
    line = {"sequence": 1, "productOrService": concept((CPT, "99213")), "net": {"value": charge}}
    return {
        "resourceType": "Claim", "id": name, "status": "active", "use": "claim", "patient": {"reference": "Patient/p1"},
        "type": concept((f"{TERMS}/claim-type", "professional")), "item": [line], "total": {"value": charge},
        "billablePeriod": {"start": "2025-03-12"},
    }  # fmt: skip


RESPONSE = {
    "resourceType": "ClaimResponse", "id": "r1", "status": "active", "use": "claim", "outcome": "complete",
    "patient": {"reference": "Patient/p1"}, "request": {"reference": "https://x.example/fhir/Claim/k1"},
    "insurer": {"display": "Acorn Health"}, "created": "2025-04-01",
    "item": [{"itemSequence": 1, "adjudication": [amount("submitted", 80), amount("benefit", 0), denial("197")]}],
    "total": [{"category": concept((f"{TERMS}/adjudication", "benefit")), "amount": {"value": 0}}],
}  # fmt: skip
SNOMED = "http://snomed.info/sct"
ODD = eob(
    "odd", item(1, "171207006", *PAID, system=SNOMED, revenue=concept(("https://www.nubc.org/CodeSystem/RevenueCodes", "X"))),
    item(2, "99213", *PAID, system=None, diagnosisSequence=[1, 8]),
    diagnosis=[{"sequence": 1, "diagnosisCodeableConcept": concept((SNOMED, "38341003"), (ICD10, "I10"))},
               {"sequence": 2, "diagnosisCodeableConcept": concept((SNOMED, "73211009"))},
               {"sequence": 3, "diagnosisReference": {"reference": "Condition/c"}}],
    provider={"identifier": {"system": "http://hl7.org/fhir/sid/us-npi", "value": "K25852"}},
)  # fmt: skip
PARTS = [
    {"sequence": n, "productOrService": concept((CPT, code)), "adjudication": [amount("submitted", 30)]}
    for n, code in ((1, "80053"), (2, "85025"))
]
NDC = "http://hl7.org/fhir/sid/ndc"
FIRST = bundle(
    VISIT, CARRIER, hospital(), ODD,
    eob("assistant", item(1, "99213", *PAID, denial("0", f"{BLUE}/variables/carr_line_rdcd_pmt_phys_astn_c")),
        item(2, "99214", *PAID, denial("XZ9", "https://acorn.example/reasons"))),
    eob("reasons", item(1, "99214", amount("submitted", 200), amount("benefit", 90), amount("deductible", 20),
        denial("1", value=20), denial("45", value=50), denial("97"), denial("N19", RARC))),
    eob("details", item(1, "80050", amount("submitted", 60), detail=PARTS),
        item(2, "J2270", amount("submitted", 9), detail=[{"sequence": 1, "productOrService": concept((NDC, "00409189001"))}])),
    eob("v1", item(1, "99213", *PAID), meta={"lastUpdated": "2025-05-01T00:00:00Z"}),
    eob("v1", item(1, "99212", *PAID), patient={"reference": "Patient/p9"}),
    eob("c1", item(1, "99215", *PAID), status="cancelled"), eob("w1", item(1, "99211", *PAID), status="entered-in-error"),
    claim("k1", 80), claim("k2", 120), claim("k3", 50), RESPONSE,
    RESPONSE | {"id": "r9", "request": {"reference": "Claim/gone"}, "outcome": "queued", "item": []},
    eob("x2", item(1, "99213", *PAID), claim={"reference": "Claim/k2"}),
)  # fmt: skip
SECOND = lines(
    eob("v1", item(1, "99214", *PAID), meta={"lastUpdated": "2025-06-01T00:00:00Z"}),
    eob("c1", item(1, "99215", *PAID), status="cancelled"),
    eob("bad1", item(1, "99213", *PAID)) | {"item": {"sequence": 1}},
    eob("bad2", item(1, "99213") | {"adjudication": amount("benefit", 9)}),
    eob("bad3", item(1, "99213", {"category": concept((CARC, "submitted")), "amount": 12})),
    eob("bad4", item(1, "99213", amount("submitted", 1) | {"amount": {"value": "twelve"}})),
    eob("bad5", 7),  # type: ignore[arg-type]
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Claims:
    text = SECOND + json.dumps(eob("cut"))[:200] + "\n17\n{}\n"
    return read(tmp_path_factory.mktemp("fhir"), FIRST, text)


def rows(claims: Claims, sql: str) -> list[list[Any]]:
    return claims.query(sql).astype(object).where(lambda x: x.notna(), None).values.tolist()


def of(claims: Claims, table: str, columns: str, claim_id: str) -> list[list[Any]]:
    """Columns of a table for one claim, in the order of its rows' numbers."""
    keys = {"lines": "claim_line_number", "line_outcomes": "claim_line_number", "diagnoses": "diagnosis_position",
            "pointers": "claim_line_number, pointer_position", "adjustments": "claim_line_number, adjustment_position"}  # fmt: skip
    return rows(
        claims, f"SELECT {columns} FROM {table} WHERE claim_id = '{claim_id}' ORDER BY {keys.get(table, '1')}"
    )


def balanced(claims: Claims) -> None:
    """Read is loaded, rejected and left out, in rows and in dollars."""
    for row in claims.accounting().to_dict("records"):
        assert row["read"] == row["loaded"] + row["rejected"] + row["left_out"], row
        if row["table_name"] in ("claims", "lines", "adjudications", "line_payments", "adjustments", "drugs"):
            assert row["amount_read"] == pytest.approx(row["amount_loaded"] + row["amount_rejected"]), row


OUTCOME = "hcpcs_code, initial_outcome, charge_amount, paid_amount"


def test_a_visit_of_carin_blue_button(shared: Claims) -> None:
    assert of(shared, "line_outcomes", OUTCOME, "e1") == [
        ["99214", "paid", 120, 72],
        ["95810", "denied", 640, 0],
    ]
    assert of(shared, "pairs", "hcpcs_code, diagnosis_code", "e1") == [["95810", "G4733"], ["99214", "I10"]]
    assert of(shared, "adjustments", "carc, amount", "e1") == [["50", 640]]
    assert of(shared, "claims", "person_id, payer, charge_amount, claim_type", "e1") == [
        ["p1", "Acorn Health", 760, "professional"]
    ]


def test_a_carrier_claim_of_blue_button_1(shared: Claims) -> None:
    name = "carrier-77"
    assert of(shared, "line_outcomes", OUTCOME, name) == [
        ["99213", "paid", 150, 64],
        ["80053", "denied", 40, 0],
    ]
    columns = (
        "claim_line_number, hcpcs_modifier_1, rendering_npi, place_of_service_code, processing_indicator_code"
    )
    assert of(shared, "lines", columns, name) == [
        [6, "25", "1234567893", "11", "A"],
        [7, None, None, None, "N"],
    ]
    assert of(shared, "diagnoses", "diagnosis_code, diagnosis_code_type, diagnosis_kind", name) == [
        ["E119", "icd-10-cm", "principal"], ["4019", "icd-9-cm", None]]  # fmt: skip
    assert of(shared, "pointers", "claim_line_number, diagnosis_position", name) == [[6, 1], [6, 2]]
    assert of(shared, "claims", "payer, payer_kind, source_claim_id", name) == [
        ["Medicare", "medicare", "77"]
    ]
    assert of(shared, "adjustments", "group_code, carc, amount", name) == [["PR", "2", 16]]
    assert of(shared, "line_payments", "allowed_amount", name)[0] == [80]
    assert of(shared, "adjudications", "CAST(paid_date AS VARCHAR)", name) == [["2019-05-17"]]


def test_a_hospital_claim_of_blue_button_2(shared: Claims) -> None:
    name = "outpatient-5"
    assert of(shared, "line_outcomes", OUTCOME, name) == [["99284", "denied", 500, 0]]
    assert of(shared, "adjustments", "group_code, carc, amount", name) == [["CO", "96", 500]]
    columns = "claim_type, bill_type_code, frequency_code, discharge_status_code, billing_npi, payer"
    assert of(shared, "claims", columns, name) == [
        ["institutional", "131", "1", "01", "1234567893", "Medicare"]
    ]
    assert of(shared, "lines", "revenue_center_code", name) == [["0450"]]
    assert "revenue center 0001 is the total of a claim and no line: 1" in shared.rejects["reason"].tolist()


def test_nothing_in_a_list_is_no_item_and_the_type_shows_medicare(tmp_path: Path) -> None:
    bill = hospital()
    # noncovered amounts of Medicare have reasons of their own; without its identifiers the type still shows it
    bill["item"][0]["adjudication"] = [
        each for each in bill["item"][0]["adjudication"] if "reason" not in each
    ]
    bill |= {"identifier": [], "item": [None, *bill["item"]]}
    path = tmp_path / "eob.json"
    path.write_text(json.dumps(bill))
    claims = cx.read_fhir(path, quiet=True, progress=False)
    assert claims.table("lines")["revenue_center_code"].tolist() == ["0450"]
    assert claims.table("adjustments").empty


def test_the_category_denialreason_is_no_denial_by_itself(shared: Claims) -> None:
    assert of(shared, "line_outcomes", "initial_outcome", "assistant") == [["paid"], ["paid"]]
    assert of(shared, "adjustments", "carc", "assistant") == []
    assert shared.rejects["content"].str.contains("acorn.example/reasons XZ9").any()


def test_reasons_with_amounts_and_remarks(shared: Claims) -> None:
    assert of(shared, "adjustments", "carc, amount", "reasons") == [["1", 20], ["45", 50], ["97", 40]]
    assert of(shared, "remarks", "rarc", "reasons") == [["N19"]]
    assert of(shared, "line_outcomes", "initial_outcome, denied_amount", "reasons") == [["partly denied", 40]]


def test_details_stand_for_their_item(shared: Claims) -> None:
    assert of(shared, "lines", "hcpcs_code, charge_amount, ndc_code", "details") == [
        ["80053", 30, None], ["85025", 30, None], ["J2270", 9, "00409189001"]]  # fmt: skip


def test_status_and_versions(shared: Claims) -> None:
    columns = "hcpcs_code, final_outcome, paid_amount"
    assert of(shared, "line_outcomes", columns, "v1") == [["99214", "paid", 72]]
    assert of(shared, "line_outcomes", columns, "v1#2") == [["99212", "paid", 72]]
    assert of(shared, "line_outcomes", columns, "c1") == [["99215", "not adjudicated", 0]]
    assert of(shared, "claims", "claim_id", "w1") == []
    left = shared.rejects.query("table_name == 'resources' and action == 'noted'")["reason"].tolist()
    assert sorted(left) == [
        "an earlier version of a resource: the latest stands", "entered in error",
        "stands in its ExplanationOfBenefit", "the same resource stands in the data already"]  # fmt: skip


def test_a_claim_its_response_and_its_explanation(shared: Claims) -> None:
    assert of(shared, "line_outcomes", "initial_outcome, charge_amount", "k1") == [["denied", 80]]
    assert of(shared, "line_outcomes", "initial_outcome, charge_amount", "k3") == [["not adjudicated", 50]]
    assert of(shared, "line_outcomes", "initial_outcome, charge_amount", "x2") == [["paid", 120]]
    assert of(shared, "claims", "claim_id", "k2") == []
    assert of(shared, "adjudications", "claim_status_code", "r9") == [["13"]]


def test_codes_that_are_none_are_not_stored(shared: Claims) -> None:
    assert of(shared, "lines", "hcpcs_code, revenue_center_code", "odd") == [[None, None], ["99213", None]]
    assert of(shared, "diagnoses", "diagnosis_code", "odd") == [["I10"]]
    assert of(shared, "claims", "billing_npi", "odd") == [[None]]
    said = "\n".join(shared.rejects["reason"])
    for words in (
        "not CPT, HCPCS",
        "no revenue center",
        "not ICD",
        "or by reference",
        "National Provider",
        "not there",
    ):
        assert words in said


def test_what_cannot_be_read_is_rejected_whole(shared: Claims) -> None:
    bad = shared.rejects.query("table_name == 'resources' and action == 'rejected'")
    assert sorted(bad["location"]) == [
        "line 10",
        "line 3",
        "line 4",
        "line 5",
        "line 6",
        "line 7",
        "line 8",
        "line 9",
    ]
    assert "damaged JSON" in bad.set_index("location")["reason"]["line 8"]
    assert not [name for name in shared.table("claims")["claim_id"] if name.startswith(("bad", "cut"))]


def test_nothing_is_lost(shared: Claims) -> None:
    balanced(shared)
    resources = shared.accounting().query("table_name == 'resources'")
    assert resources[["read", "loaded", "rejected", "left_out"]].to_numpy().tolist() == [
        [10, 1, 8, 1],
        [17, 14, 0, 3],
    ]


def test_every_wrapping_gives_the_same(tmp_path: Path) -> None:
    def visit(name: str) -> dict[str, Any]:
        return VISIT | {"id": name}

    shapes = {
        "lines.ndjson": lines(visit("lines"), visit("lines_2")),
        "list.json": json.dumps([visit("list")], indent=2),
        "bundle.json": json.dumps(bundle(visit("bundle")), indent=1),
        "nested.json": json.dumps(bundle(bundle(visit("nested")), [bundle()])),
        "rows.json": json.dumps(bundle()).replace(
            "[]", "[\n" + json.dumps({"resource": visit("rows")}) + "\n]"
        ),
        "behind.json": json.dumps({"resourceType": "Basic"}, indent=2)
        + "\n"
        + json.dumps(visit("behind"), indent=2),
        "mark.json": "\ufeff" + json.dumps(visit("mark")),
    }
    for name, text in shapes.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "gzip.json.gz").write_bytes(gzip.compress(json.dumps(visit("gzip")).encode()))
    (tmp_path / "wide.json").write_bytes(json.dumps(visit("wide")).encode("utf-16"))
    with zipfile.ZipFile(tmp_path / "zip.zip", "w") as archive:
        archive.writestr("part/eob.json", json.dumps(visit("zip")))
    claims = cx.read(tmp_path, progress=False)
    found = rows(
        claims, f"SELECT claim_id, {OUTCOME} FROM line_outcomes WHERE hcpcs_code = '95810' ORDER BY 1"
    )
    names = [*(name.partition(".")[0] for name in shapes), "lines_2", "gzip", "wide", "zip"]
    assert found == [[name, "95810", "denied", 640, 0] for name in sorted(names)]


@pytest.mark.parametrize(
    ("text", "words"),
    first(
        2,
        [
            (json.dumps(bundle(VISIT), indent=1)[:900], r"FHIR.*damaged JSON.*line \d+"),
            (json.dumps(VISIT, indent=1)[1:], r"FHIR.*damaged JSON.*line \d+"),
            (json.dumps(VISIT | {"use": "preauthorization"}), r"1 ExplanationOfBenefit \(a preauthorization"),
            (json.dumps(bundle({"resourceType": "Observation"})), "1 Observation"),
            (
                '<ExplanationOfBenefit xmlns="http://hl7.org/fhir"><id value="e"/></ExplanationOfBenefit>',
                "FHIR in XML",
            ),
        ],
    ),
)
def test_what_holds_no_claims_is_refused_by_what_it_is(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "eob.json").write_text(text)
    with pytest.raises(InputError, match=words):
        cx.read(tmp_path / "eob.json", progress=False)
