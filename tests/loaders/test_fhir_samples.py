"""Public FHIR samples: what is loaded agrees with counts taken with plain json, without a look at the loader."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cpticd.claims import Claims
from cpticd.loaders.fhir.reader import read_fhir

BROKEN = "ab2d__DME-Claims.json"
#: Categories that R4 calls submitted and that are no charge, by the name of Medicare's variable.
NO_CHARGE = ("rev_cntr_rate_amt", "rev_cntr_pmt_amt_amt", "line_dme_prchs_price_amt")
CHARGE = ("line_sbmtd_chrg_amt", "rev_cntr_tot_chrg_amt", "CLM_LINE_SBMT_CHRG_AMT")


def resources(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for each in value:
            yield from resources(each)
    elif value.get("resourceType") == "Bundle":
        for entry in value.get("entry", []):
            yield from resources(entry["resource"])
    else:
        yield value


def names(concept: dict[str, Any] | None) -> list[str]:
    return [coding.get("code", "").rpartition("/")[2] for coding in (concept or {}).get("coding", [])]


def naive(path: Path) -> dict[str, Any]:
    """Counts and dollars of the services of one file."""
    found: dict[str, Any] = {"claims": 0, "drugs": 0, "left": 0, "items": 0, "diagnoses": 0, "procedures": 0, "pointed": 0,
                             "charge": Decimal(0), "indicators": {}}  # fmt: skip
    for each in resources(json.loads(path.read_text())):
        kinds = names(each.get("type"))
        if each["resourceType"] not in ("ExplanationOfBenefit", "ClaimResponse"):
            continue
        systems = [coding.get("system", "") for coding in each.get("type", {}).get("coding", [])]
        deleted = any("CLM-TYPE-CD" in s and k == "3" for s, k in zip(systems, kinds, strict=True))
        if each.get("use") == "preauthorization" or deleted:
            found["left"] += 1
            continue
        if "pharmacy" in kinds or "PDE" in kinds:
            found["drugs"] += 1
            continue
        found["claims"] += 1
        found["diagnoses"] += sum("diagnosisCodeableConcept" in x for x in each.get("diagnosis", []))
        found["procedures"] += len(each.get("procedure", []))
        items = each.get("item", [])
        for item in items:
            total = (
                "0001" in names(item.get("revenue"))
                and len(items) > 1
                and "not-applicable" in names(item.get("productOrService"))
            )
            found["items"] += not total
            found["pointed"] += bool(item.get("diagnosisSequence") or item.get("diagnosisLinkId"))
            stated = [
                x["url"] + " " + x.get("valueCoding", {}).get("code", "") for x in item.get("extension", [])
            ]
            for adjudication in item.get("adjudication", []):
                words = names(adjudication["category"])
                charged = any(w in CHARGE for w in words) or (
                    "submitted" in words and not any(w in NO_CHARGE for w in words)
                )
                if charged and "amount" in adjudication:
                    found["charge"] += Decimal(str(adjudication["amount"]["value"]))
                if "line_prcsg_ind_cd" in words:
                    stated.append("line_prcsg_ind_cd " + names(adjudication["reason"])[0])
            for text in stated:
                url, _, code = text.rpartition(" ")
                if url.endswith(("line_prcsg_ind_cd", "CLM-PRCSG-IND-CD")):
                    found["indicators"][code] = found["indicators"].get(code, 0) + 1
    return found


def balanced(claims: Claims) -> None:
    for row in claims.accounting().to_dict("records"):
        assert row["read"] == row["loaded"] + row["rejected"] + row["left_out"], row


def samples(shared_data: Path) -> list[Path]:
    folder = shared_data / "fhir"
    if not folder.is_dir():
        pytest.skip("no FHIR samples: data/fhir is not there")
    return sorted(
        p for p in folder.iterdir() if p.suffix in (".json", ".ndjson") and p.name != "expected.json"
    )


def test_each_sample_gives_what_plain_json_counts(shared_data: Path, tmp_path: Path) -> None:
    """All samples as one data set, each resource under an id of its own."""
    want: dict[str, dict[str, Any]] = {}
    for number, path in enumerate(p for p in samples(shared_data) if p.name != BROKEN):
        counted = want[path.name] = naive(path)
        made = [
            each | {"id": f"{number}/{n}"} for n, each in enumerate(resources(json.loads(path.read_text())))
        ]
        (tmp_path / path.name).write_text(
            json.dumps({"resourceType": "Bundle", "entry": [{"resource": r} for r in made]})
        )
        assert counted["claims"] + counted["drugs"] + counted["left"] > 0
    claims = read_fhir(*(tmp_path / name for name in want), progress=False)
    tables = {name: claims.table(name) for name in ("lines", "diagnoses", "procedures", "pointers", "drugs")}
    for name, counted in want.items():
        own = claims.table("claims").query("data_source == @name")["claim_id"].tolist()
        parts = {
            table: rows[rows["claim_id"].isin(own)] for table, rows in tables.items() if table != "drugs"
        }
        pointed = parts["pointers"][["claim_id", "claim_line_number"]].drop_duplicates()
        found = {
            "claims": len(own), "drugs": int((tables["drugs"]["data_source"] == name).sum()), "items": len(parts["lines"]),
            "diagnoses": len(parts["diagnoses"]), "procedures": len(parts["procedures"]), "pointed": len(pointed),
            "charge": round(Decimal(parts["lines"]["charge_amount"].sum()), 2),
            "indicators": parts["lines"]["processing_indicator_code"].value_counts().to_dict(),
        }  # fmt: skip
        assert found == {key: value for key, value in counted.items() if key != "left"}, name
    balanced(claims)


def test_samples_agree_with_counts_taken_before(shared_data: Path) -> None:
    chosen = [
        p for p in samples(shared_data) if p.name.startswith(("bcda", "dpc", "bfd__v1_eobBy", "ab2d__2014"))
    ]
    files = json.loads((shared_data / "fhir" / "expected.json").read_text())["files"]
    expected = {each["file"]: each for each in files}
    for path in chosen:
        claims, want = read_fhir(path, progress=False), expected[path.name]
        paid = claims.query(
            "SELECT coalesce(sum(paid_amount), 0) AS paid, coalesce(sum(allowed_amount), 0) AS allowed FROM line_payments"
        ).iloc[0]
        assert len(claims.table("lines")) + len(claims.table("drugs")) == want["items"], path.name
        assert float(paid.paid) == pytest.approx(want["paid_sum"]), path.name
        assert float(paid.allowed) == pytest.approx(want["eligible_sum"]), path.name
        denied = claims.query("SELECT count(*) AS n FROM services WHERE initial_outcome = 'denied'").n[0]
        assert denied == want["denied_items_by_indicator"], path.name


def test_a_folder_of_samples_loads_with_nothing_lost(shared_data: Path) -> None:
    paths = samples(shared_data)
    claims = read_fhir(paths, progress=False)
    balanced(claims)
    found = claims.accounting().query("table_name == 'resources'")[["read", "rejected"]].sum()
    whole = sum(1 for path in paths if path.name != BROKEN for _ in resources(json.loads(path.read_text())))
    assert (found["read"], found["rejected"]) == (whole + 1, 1)
