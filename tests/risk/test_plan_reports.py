"""CMS's reports are read by their published positions; what cannot be read is named with file and line."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import cpticd as cx
from cpticd import reference
from cpticd.core.errors import InputError, SchemaError
from cpticd.risk import plan_reports
from tests.risk import plan_files as cms
from tests.spec import shown


def written(path: Path, *records: str) -> Path:
    path.write_text("\n".join(records) + "\n")
    return path


def report(name: str, given: plan_reports.Given, **options: pd.DataFrame) -> plan_reports.Report:
    found = plan_reports.read(name, given, **options)
    assert found is not None
    return found


def test_a_membership_record(tmp_path: Path) -> None:
    line = cms.membership(
        "1EG4TE5MK73", "202602", 1.234, hospice="Y", lti="Y", type="CF", dual="02", frailty_factor=" 0.1230", lag="Y",
        amount_a="-00123.45", end="20260331",
    )  # fmt: skip
    row = report("mmr", written(tmp_path / "mmr.txt", line)).rows.iloc[0]
    assert (row["person_id"], row["contract_id"], row["factor_type"], row["dual_status_code"]) == (
        "1EG4TE5MK73", "H1234", "CF", "02",
    )  # fmt: skip
    assert (row["risk_factor_a"], row["frailty_factor"], row["amount_a"], row["amount_b"]) == (
        1.234,
        0.123,
        -123.45,
        600,
    )
    assert (row["start_date"], row["end_date"]) == (pd.Timestamp("2026-02-01"), pd.Timestamp("2026-03-31"))
    assert (bool(row["hospice"]), bool(row["long_term_institutional"]), bool(row["lag"])) == (
        True,
        True,
        True,
    )
    assert pd.isna(row["esrd"])
    assert "NOBODY" not in row.astype(str).tolist()


def test_lines_that_cannot_be_read_are_rejected_with_their_place(tmp_path: Path) -> None:
    good = cms.membership("A", "202601", 1.0)
    bad = cms.membership("B", "202601", 1.0, factor_a="ABCDEFG")
    nobody = cms.membership("", "202601", 1.0)
    (tmp_path / "a").mkdir()
    written(tmp_path / "a" / "one.txt", good, bad, "too short")
    written(tmp_path / "a" / "two.txt", good, nobody)
    found = report("mmr", str(tmp_path / "a"))
    assert found.rows["person_id"].tolist() == ["A"]
    assert found.account == {"files": 2, "lines": 3, "rejected_lines": 1, "records": 1, "unverified": []}
    assert [(row["source"], row["location"]) for row in found.rejects] == [
        ("one.txt", "line 3"), ("two.txt", "file"), ("one.txt", "line 2"), ("two.txt", "line 2"),
    ]  # fmt: skip
    assert "risk_factor_a" in found.rejects[2]["reason"]
    assert "person_id: empty" in found.rejects[3]["reason"]


def test_flags_of_the_output_report_are_the_hccs_of_their_positions(tmp_path: Path) -> None:
    """Record J has V24's payment HCCs from position 70: HCC 18 at 79, HCC 189 at 155, the last of 86."""
    path = written(
        tmp_path / "mor.txt", cms.output_header(), cms.output("J", "A", [79, 155], last=155),
        cms.output("J", "B", [], last=155), "Q" + " " * 199, cms.output("J", "C", [79], last=155)[:99] + "7" + " " * 100,
        "3H1234000000003".ljust(200),
    )  # fmt: skip
    found = report("mor", path)
    rows = found.rows[["person_id", "model", "hcc", "payment_month"]].sort_values(["person_id", "hcc"])
    assert shown(rows) == [
        ("A", "V24", "18", "202607"),
        ("A", "V24", "189", "202607"),
        ("B", "V24", None, "202607"),
    ]
    assert {(row["location"], row["content"]) for row in found.rejects} == {("line 4", "Q"), ("line 5", "")}
    assert found.account["unverified"] == []


def test_positions_that_are_assumed_say_so_and_give_way_to_the_users_own(tmp_path: Path) -> None:
    """Nobody could verify record L: V28's 115 HCCs are taken in order, HCC 37 the 13th, at 82."""
    path = written(tmp_path / "mor.txt", cms.output_header(), cms.output("L", "A", [82]))
    found = report("mor", path)
    assert found.rows["hcc"].tolist() == ["37"]
    assert found.account["unverified"] == ["L"]
    own = reference.table("plan_report_layouts").to_pandas()
    own = own[own["field"].isin(["hcc 36", "hcc 37"])]
    here = (own["report"] == "mor") & (own["field"] == "hcc 36") & (own["record"] == "L")
    there = (own["report"] == "mor") & (own["field"] == "hcc 37") & (own["record"] == "L")
    own.loc[here, "start"], own.loc[there, "start"] = 82, 81
    assert report("mor", path, layouts=own).rows["hcc"].tolist() == ["36"]


def test_the_record_of_members_of_pace(tmp_path: Path) -> None:
    """V22's record K by a public table definition: the 10th of its 79 HCCs is 18, at 79, the 44th is 85, at 113."""
    path = written(tmp_path / "mor.txt", cms.output_header(), cms.output("K", "A", [79, 113], last=148))
    found = report("mor", path)
    assert shown(found.rows[["person_id", "model", "hcc"]]) == [("A", "V22", "18"), ("A", "V22", "85")]
    assert found.account["unverified"] == []


def test_an_output_report_as_a_frame_of_columns_or_rows() -> None:
    wide = pd.DataFrame(
        {"person_id": ["A", "B"], "model": "V28", "HCC037": [1, 0], "HCC_38": ["1", "0"], "name": "x"}
    )
    found = report("mor", wide)
    assert found.rows.sort_values(["person_id", "hcc"])["hcc"].tolist()[:2] == ["37", "38"]
    assert found.rows["hcc"].isna().sum() == 1
    assert found.account["columns_ignored"] == ["name"]
    with pytest.raises(SchemaError, match="nor one per HCC"):
        report("mor", pd.DataFrame({"person_id": ["A"], "model": ["V28"]}))


def test_diagnoses_of_the_eligible_report(tmp_path: Path) -> None:
    path = written(
        tmp_path / "mao.txt", cms.eligible_header(), cms.eligible("A", "ICN1", "1", "E1122+ I10+"),
        cms.eligible("A", "ICN2", "4", "E1122-", linked="ICN1", allowed=""), "1 not a record".ljust(500),
        cms.eligible_trailer(2),
    )  # fmt: skip
    found = report("mao004", path)
    assert shown(found.rows[["icn", "diagnosis_code", "flag", "linked_icn", "phase"]]) == [
        ("ICN1", "E1122", "A", None, "4"),
        ("ICN2", "E1122", "D", "ICN1", "4"),
        ("ICN1", "I10", "A", None, "4"),
    ]
    assert found.rows["through_date"].unique().tolist() == [pd.Timestamp("2025-03-01")]
    assert [row["location"] for row in found.rejects] == ["line 4"]


def test_files_that_are_none_of_these(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="mmr: no record of CMS's layout"):
        report("mmr", written(tmp_path / "x.csv", "person,score", "A,1.0"))
    with pytest.raises(InputError, match="no such file"):
        report("mmr", str(tmp_path / "absent.txt"))
    claims = cx.simulate(persons=20, seed=1).claims
    with pytest.raises(SchemaError, match="start_date"):
        cx.risk.reconcile(claims, payment_year=2026, mmr=pd.DataFrame({"person_id": ["A"]}), quiet=True)
