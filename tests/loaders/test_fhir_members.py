"""Drugs of FHIR pharmacy claims, and members of Patient and Coverage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cpticd as cx
from tests.loaders.fhir_text import (
    BLUE,
    CARIN,
    TERMS,
    amount,
    blue,
    bundle,
    concept,
    eob,
    item,
    medicare,
    read,
)
from tests.loaders.test_fhir import CARRIER, NDC, balanced, rows


def test_drugs(tmp_path: Path) -> None:
    pharmacy = {"type": concept((f"{TERMS}/claim-type", "pharmacy")), "diagnosis": []}
    days = {
        "category": concept((f"{CARIN}/C4BBSupportingInfoType", "dayssupply")),
        "valueQuantity": {"value": 30},
    }
    amounts = (amount("submitted", 100), amount("benefit", 60), amount("paidbypatient", 40))
    fill = item(1, "0777-3105-02", *amounts, system=NDC, quantity={"value": 60})
    supply = {"url": f"{BLUE}/variables/days_suply_num", "valueQuantity": {"value": 45}}
    event = medicare("pde-8", "PDE", {
        "sequence": 1, "service": concept((NDC, "00093015010")), "servicedDate": "2019-05-02",
        "quantity": {"value": 90, "extension": [supply]},
        "adjudication": [blue("tot_rx_cst_amt", 55), blue("ptnt_pay_amt", 5), blue("gdc_blw_oopt_amt", 55)]})  # fmt: skip
    deletion = {"category": concept((f"{BLUE}/codesystem/information", f"{BLUE}/variables/adjstmt_dltn_cd")),
                "code": concept((f"{BLUE}/variables/adjstmt_dltn_cd", "D"))}  # fmt: skip
    claims = read(
        tmp_path, bundle(eob("f1", fill, supportingInfo=[days], **pharmacy), event, event | {"id": "pde-9", "information": [deletion]})
    )  # fmt: skip
    columns = "fill_id, ndc_code, dispensed_quantity, days_supply, charge_amount, patient_responsibility_amount, payer"
    assert rows(claims, f"SELECT {columns} FROM drugs ORDER BY 1") == [
        ["f1", "00777310502", 60, 30, 100, 40, "Acorn Health"], ["pde-8", "00093015010", 90, 45, 55, 5, "Medicare"]]  # fmt: skip
    assert len(claims.table("claims")) == 0
    assert "a drug event that was deleted" in claims.rejects["reason"].tolist()
    balanced(claims)


def test_members(tmp_path: Path) -> None:
    def coverage(part: str, **more: Any) -> dict[str, Any]:
        plan = {"type": concept((f"{TERMS}/coverage-class", "plan")), "value": part}
        made = {"resourceType": "Coverage", "id": part, "status": "active", "class": [plan]}
        return made | {"beneficiary": {"reference": "Patient/b7"}} | more

    def monthly(name: str, codes: str) -> list[dict[str, Any]]:
        url = f"{BLUE}/variables/{name}"
        return [
            {"url": f"{url}{n:02}", "valueCoding": {"code": code}} for n, code in enumerate(codes.split(), 1)
        ]

    year = {"url": f"{BLUE}/variables/rfrnc_yr", "valueDate": "2019"}
    reason = {"url": f"{BLUE}/variables/orec", "valueCoding": {"code": "1"}}
    patient = {"resourceType": "Patient", "id": "b7", "gender": "female", "birthDate": "1950-02-01",
               "address": [{"state": "MO"}], "deceasedDateTime": "2020-03-04T00:00:00Z"}  # fmt: skip
    dual = monthly("dual_", "** NA 02 02 04 **")
    part_a = coverage("Part A", extension=[year, reason, *monthly("buyin", "0 1 3 3 C C"), *dual])
    part_d = coverage(
        "Part D", extension=[year, *monthly("ptdcntrct", "N H1 H1"), *monthly("cstshr", "00 01 09")]
    )
    part_c = coverage("Part C", period={"start": "2020-02-15", "end": "2020-04-01"})
    given = tmp_path / "members.csv"
    given.write_text("person_id,year,sex\nb7,2018,male\n")
    (tmp_path / "all.json").write_text(
        json.dumps(
            bundle(
                patient, part_a, part_d, part_c, CARRIER, coverage("Part B", period={"start": "2018-12-01"})
            )
        )
    )
    claims = cx.read(tmp_path / "all.json", members=given, progress=False)
    columns = (
        "year, sex, state, dual_status_code, original_reason_entitlement_code, enrolled_months, part_b_months, "
        "part_d_months, medicare_advantage_months, low_income_months"
    )
    assert rows(claims, f"SELECT {columns} FROM members ORDER BY year") == [
        [2018, "male", None, None, None, None, None, None, None, None],
        [2019, "female", "MO", "04", "1", 5, 4, 2, None, 1],
        [2020, "female", "MO", None, "1", 3, None, None, 3, None],
    ]
    assert rows(claims, "SELECT DISTINCT CAST(birth_date AS VARCHAR) FROM members WHERE year > 2018") == [
        ["1950-02-01"]
    ]
