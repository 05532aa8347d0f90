"""Public sample files of RIF and of the IDR: what is loaded agrees with a plain count of the columns."""

from __future__ import annotations

import csv
import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import cpticd as cx
from tests.loaders.flat_text import balanced

KINDS = ("carrier", "dme", "hha", "hospice", "inpatient", "outpatient", "snf", "sample-a-carrier")


@pytest.fixture
def folder(shared_data: Path) -> Path:
    found = shared_data / "bfd_rif"
    if not found.is_dir():
        pytest.skip(f"no sample of RIF in {found}")
    return found


@cache
def loaded(path: Path) -> cx.Claims:
    return cx.read(path, progress=False)


def one(claims: cx.Claims, sql: str) -> list[Any]:
    return claims.query(sql).iloc[0].tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_counts_of_the_samples(folder: Path, kind: str) -> None:
    expected = json.loads((folder / "expected.json").read_text())[kind]
    claims = loaded(folder / expected["file"])
    assert one(
        claims, "SELECT count(*), count(DISTINCT person_id), sum(charge_amount) FROM claims"
    ) == pytest.approx([expected["claims"], expected["persons"], expected["claim_charge"]])
    assert one(claims, "SELECT count(*), sum(charge_amount), count(hcpcs_code) FROM lines") == pytest.approx(
        [expected["rows"], expected["line_charge"], expected["hcpcs_lines"]]
    )
    paid, by_line = one(
        claims, "SELECT (SELECT sum(paid_amount) FROM adjudications), sum(paid_amount) FROM line_payments"
    )
    assert paid == pytest.approx(expected["claim_paid"])
    if expected["line_paid"] is not None:
        assert by_line == pytest.approx(expected["line_paid"])
    assert one(claims, "SELECT count(*) FROM procedures") == [expected["procedures_distinct"]]
    assert one(claims, "SELECT count(*) FROM pointers") == [expected["line_dx"]]
    assert balanced(claims)


@pytest.mark.parametrize("kind", KINDS)
def test_diagnoses_of_the_samples(folder: Path, kind: str) -> None:
    """The codes of a claim that stand in its slots, as a plain reading finds them."""
    file = json.loads((folder / "expected.json").read_text())[kind]["file"]
    with gzip.open(folder / file, "rt", encoding="utf-8-sig") as text:
        rows = list(csv.DictReader(text, delimiter="|"))
    slots = {
        (row["CLM_ID"], row[f"ICD_DGNS_CD{n}"].strip())
        for row in rows for n in range(1, 26) if row.get(f"ICD_DGNS_CD{n}", "").strip()
    }  # fmt: skip
    first = {(row["CLM_ID"], row["PRNCPAL_DGNS_CD"].strip()) for row in rows}
    claims = loaded(folder / file)
    found = claims.table("diagnoses")
    pairs = set(zip(found.claim_id, found.diagnosis_code, strict=True))
    assert slots | first <= pairs
    principal = found[found.diagnosis_kind == "principal"]
    assert set(zip(principal.claim_id, principal.diagnosis_code, strict=True)) == first
    reasons = found[~found.diagnosis_kind.isin(["admitting", "reason for visit"])]
    assert not reasons.duplicated(["claim_id", "diagnosis_code"]).any()


@pytest.mark.thorough
def test_all_of_them_at_once_with_the_beneficiaries(folder: Path) -> None:
    files = [
        path for path in folder.iterdir() if path.name.split(".")[0] in KINDS or "beneficiary" in path.name
    ]
    claims = cx.read(files, progress=False)
    expected = json.loads((folder / "expected.json").read_text())
    assert len(claims.table("claims")) == sum(each["claims"] for each in expected.values())
    members = claims.table("members")
    assert members[["state", "part_b_months", "part_d_months"]].values.tolist() == [["MA", 5, 5]] * 3
    assert balanced(claims)


def test_extracts_of_the_idr(folder: Path) -> None:
    with pytest.warns(UserWarning, match="Integrated Data Repository"):
        claims = cx.read(sorted(folder.glob("*CLM*.csv.gz")), progress=False)
    with gzip.open(folder / "SYNTHETIC_CLM.csv.gz", "rt", encoding="utf-8-sig") as text:
        rows = [row for row in csv.DictReader(text) if row["CLM_LTST_CLM_IND"] == "Y"]
    events = {row["CLM_UNIQ_ID"] for row in rows if row["CLM_TYPE_CD"] in ("1", "2", "3", "4")}
    billed = {
        row["CLM_UNIQ_ID"]: float(row["CLM_SBMT_CHRG_AMT"])
        for row in rows
        if row["CLM_UNIQ_ID"] not in events
    }
    assert set(claims.table("drugs").fill_id) == events
    found = claims.table("claims").set_index("claim_id").charge_amount
    assert {number: round(float(charge), 2) for number, charge in found.items()} == billed
    assert (
        claims.query("SELECT count(*) AS n FROM lines WHERE processing_indicator_code IS NOT NULL").n[0] > 0
    )
    assert balanced(claims)
