"""What a code is: by form, by stated type, by date, by dot; and every code of the official lists."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpticd import codes
from cpticd.core.errors import ArgumentError

SYSTEMS = {
    "cpt", "hcpcs", "icd-10-cm", "icd-10-pcs", "icd-9-cm", "revenue", "drg", "ndc", "cdt", "hipps", "unknown",
}  # fmt: skip


def cases(text: str) -> list[list[str]]:
    """Rows of cells from lines split at ``|``; an empty cell is an empty text."""
    return [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]


@pytest.mark.parametrize(
    "case",
    cases("""
        99213    | 99213   | cpt        | CPT I   | Evaluation and management | -
        99499    | 99499   | cpt        | CPT I   | Evaluation and management | -
        98000    | 98000   | cpt        | CPT I   | Evaluation and management | -
        98940    | 98940   | cpt        | CPT I   | Medicine                  | -
        00100    | 00100   | cpt        | CPT I   | Anesthesia                | -
        01999    | 01999   | cpt        | CPT I   | Anesthesia                | -
        10021    | 10021   | cpt        | CPT I   | Surgery: general          | -
        11042    | 11042   | cpt        | CPT I   | Surgery: integumentary    | -
        27447    | 27447   | cpt        | CPT I   | Surgery: musculoskeletal  | -
        31231    | 31231   | cpt        | CPT I   | Surgery: respiratory      | -
        36415    | 36415   | cpt        | CPT I   | Surgery: cardiovascular   | -
        43239    | 43239   | cpt        | CPT I   | Surgery: digestive        | -
        52000    | 52000   | cpt        | CPT I   | Surgery: urinary          | -
        59400    | 59400   | cpt        | CPT I   | Surgery: maternity        | -
        64483    | 64483   | cpt        | CPT I   | Surgery: nervous          | -
        66984    | 66984   | cpt        | CPT I   | Surgery: eye              | -
        69210    | 69210   | cpt        | CPT I   | Surgery: ear              | -
        71046    | 71046   | cpt        | CPT I   | Radiology                 | -
        80053    | 80053   | cpt        | CPT I   | Pathology and laboratory  | -
        97110    | 97110   | cpt        | CPT I   | Medicine                  | -
        99605    | 99605   | cpt        | CPT I   | Medicine                  | -
        0001A    | 0001A   | cpt        | CPT I   | Medicine                  | -
        3074F    | 3074F   | cpt        | CPT II  | CPT II: performance       | -
        0042t    | 0042T   | cpt        | CPT III | CPT III: emerging         | -
        0240U    | 0240U   | cpt        | PLA     | Pathology and laboratory  | -
        0002M    | 0002M   | cpt        | MAAA    | Pathology and laboratory  | -
        J7030    | J7030   | hcpcs      | HCPCS J | Drugs                     | -
        E0110    | E0110   | hcpcs      | HCPCS E | Durable medical equipment | -
        D0120    | D0120   | hcpcs      | HCPCS D | Dental                    | -
        0DTJ4ZZ  | 0DTJ4ZZ | icd-10-pcs | 0DT     | Medical and surgical      | -
        XW03321  | XW03321 | icd-10-pcs | XW0     | New technology            | -
        e11.65   | E1165   | icd-10-cm  | E11     | Endocrine, nutritional and metabolic diseases | E08-E13
        I10      | I10     | icd-10-cm  | I10     | Diseases of the circulatory system | I10-I1A
        B20      | B20     | icd-10-cm  | B20     | Certain infectious and parasitic diseases | B20
        C4A.0    | C4A0    | icd-10-cm  | C4A     | Neoplasms                 | C43-C44
        C80.1    | C801    | icd-10-cm  | C80     | Neoplasms                 | C76-C80
        C7B.00   | C7B00   | icd-10-cm  | C7B     | Neoplasms                 | C7B
        Z3A.20   | Z3A20   | icd-10-cm  | Z3A     | Factors influencing health status and contact with health services | Z30-Z39
        S72001A  | S72001A | icd-10-cm  | S72     | Injury, poisoning and certain other consequences of external causes | S70-S79
        X00.0XXA | X000XXA | icd-10-cm  | X00     | External causes of morbidity | X00-X08
        250.00   | 25000   | icd-9-cm   | 250     | Endocrine, nutritional and metabolic diseases, and immunity disorders | -
        E880.9   | E8809   | icd-9-cm   | E880    | External causes of injury and poisoning | -
        V70.0    | V700    | icd-9-cm   | V70     | Factors influencing health status and contact with health services | -
        12.34    | 1234    | icd-9-cm   | 12      | Operations on the eye     | -
    """),
)
def test_form(case: list[str]) -> None:
    given, normal, system, category, section, block = case
    row = codes.classify(given).iloc[0]
    assert row[["code", "system", "category", "section"]].tolist() == [normal, system, category, section]
    assert (row["block"] == block) if block != "-" else pd.isna(row["block"])


@pytest.mark.parametrize(
    ("given", "code_type", "on", "system"),
    cases("""
        25000   |            |            | cpt
        25000   | diagnosis  |            | icd-9-cm
        25000   |            | 2012-01-01 | cpt
        E8809   | diagnosis  | 2015-09-30 | icd-9-cm
        E8809   | diagnosis  | 2015-10-01 | icd-10-cm
        E8809   | diagnosis  |            | icd-10-cm
        E8809   |            |            | icd-10-cm
        E8809   |            | 2012-01-01 | icd-9-cm
        E8809   | icd-9-cm   | 2024-01-01 | icd-9-cm
        E88.09  | diagnosis  | 2012-01-01 | icd-10-cm
        E9289   | diagnosis  |            | icd-9-cm
        E1165   |            |            | icd-10-cm
        E1165   |            | 2012-01-01 | hcpcs
        E1165   | hcpcs      |            | hcpcs
        J1100   |            |            | icd-10-cm
        J1100   | procedure  |            | hcpcs
        0450    |            |            | unknown
        470     |            | 2012-01-01 | unknown
        4019    |            | 2012-01-01 | unknown
        4019    | diagnosis  | 2012-01-01 | icd-9-cm
        99213.0 |            |            | cpt
        99213.5 |            |            | unknown
        J1100.0 |            |            | unknown
        E1165   | diagnosis  |            | icd-10-cm
        V5020   |            |            | hcpcs
        V5020   | diagnosis  |            | icd-9-cm
        V5020   | icd-10-cm  |            | icd-10-cm
        V7000   |            |            | icd-9-cm
        V7000   |            | 2016-01-01 | icd-10-cm
        V0001XA |            |            | icd-10-cm
        M5450   |            |            | icd-10-cm
        M1003   |            |            | icd-10-cm
        J1100   | diagnosis  |            | icd-10-cm
        J11.00  |            |            | icd-10-cm
        W1234   |            |            | icd-10-cm
        0331    | procedure  |            | unknown
        0331    | procedure  | 2012-01-01 | icd-9-cm
        0331    | icd-9-pcs  |            | icd-9-cm
        03.31   | procedure  |            | icd-9-cm
        0DTJ4ZZ | procedure  |            | icd-10-pcs
        0DTJ4ZZ | hcpcs      |            | unknown
        I10     | hcpcs      |            | unknown
        I10     | procedure  |            | unknown
        J1100   | cpt        |            | unknown
        99213   | icd-10-cm  |            | unknown
        0DTJ4ZO | icd-10-pcs |            | unknown
        02000   | hcpcs      |            | unknown
        99213-25|            |            | cpt
        99213-25| diagnosis  |            | unknown
        M5450-25|            |            | unknown
        GARBAGE |            |            | unknown
        E1      |            |            | unknown
        X123456789 |         |            | unknown
        ...     |            |            | unknown
    """),
)
def test_type_then_dot_then_date_settle_what_two_systems_share(
    given: str, code_type: str, on: str, system: str
) -> None:
    row = codes.classify([given], code_type=code_type or None, on=on or None).iloc[0]
    assert row["system"] == system
    if system == "unknown":
        assert row[["category", "section", "block"]].isna().all()


def test_every_code_may_have_its_own_type_and_date() -> None:
    found = codes.classify(
        ["25000", "25000", "E8809", "E8809", "V700"],
        code_type=["hcpcs", "ICD_9_CM", None, "diagnosis", np.nan],
        on=[None, None, pd.Timestamp("2010-05-01"), dt.date(2020, 1, 1), pd.NaT],
    )
    assert found["system"].tolist() == ["cpt", "icd-9-cm", "icd-9-cm", "icd-10-cm", "icd-9-cm"]


def test_normal_form() -> None:
    found = codes.normal([" e11.65 ", "j 1100", 99213, 99213.0, None, np.nan, "", " . "])
    assert found.tolist()[:4] == ["E1165", "J1100", "99213", "99213"]
    assert found[4:].isna().all()


def test_a_diagnosis_is_written_with_its_dot() -> None:
    found = codes.dotted(pd.Series(["E1122", "I10", "S52501A", None], index=list("abcd")))
    assert found.dropna().to_dict() == {"a": "E11.22", "b": "I10", "c": "S52.501A"}


@pytest.mark.parametrize("code", [None, np.nan, pd.NA, "", "   "])
def test_a_missing_code_is_unknown(code: object) -> None:
    row = codes.classify([code]).iloc[0]
    assert row["system"] == "unknown"
    assert row.drop("system").isna().all()


@pytest.mark.parametrize(
    "given",
    [
        ("99213", "I10"),
        np.array(["99213", "I10"], dtype=object),
        pd.Series(["99213", "I10"], index=[7, 3], name="x"),
        pd.Series(["99213", "I10"], dtype="category"),
        pd.Series(["99213", "I10"], dtype="string"),
        (code for code in ["99213", "I10"]),
    ],
    ids=lambda given: type(given).__name__,
)
def test_order_and_index_are_kept(given: object) -> None:
    found = codes.classify(given)
    assert list(found.columns) == list(codes.COLUMNS)
    assert found["system"].tolist() == ["cpt", "icd-10-cm"]
    if isinstance(given, pd.Series):
        assert found.index.equals(given.index)
        assert codes.normal(given).index.equals(given.index)


def test_nothing_in_nothing_out() -> None:
    assert codes.classify([]).columns.tolist() == list(codes.COLUMNS)
    assert len(codes.classify(pd.Series([], dtype=object))) == 0
    assert len(codes.normal([])) == 0 and len(codes.procedure_family([])) == 0


def test_things_that_are_no_codes_are_unknown() -> None:
    assert (codes.classify([["99213"], {"a": 1}, 3.5, True, b"99213"])["system"] == "unknown").all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"code_type": "icd-11"}, "code_type: found 'icd-11'; it is one of procedure, "),
        ({"code_type": ["hcpcs"]}, "code_type: 1 values for 2 codes"),
        ({"on": ["2024-01-01"]}, "on: 1 values for 2 codes"),
        ({"on": "not a day"}, "on: not a date"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        codes.classify(["99213", "I10"], **arguments)


def test_families() -> None:
    assert codes.procedure_family(["27447", "J1100", "I10", None]).tolist() == [
        "Surgery: musculoskeletal",
        "Drugs",
        "Unknown",
        "Unknown",
    ]
    mixed = codes.diagnosis_family(
        ["I10", "4019", "E8809", "E8809", "99213x"], code_type=[None, "icd-9-cm", "icd-9-cm", None, None]
    )
    assert mixed.tolist() == [
        "09 Circulatory",
        "09 Circulatory",
        "20 External causes",
        "04 Endocrine and metabolic",
        "Unknown",
    ]


@given(
    st.lists(st.text(max_size=12) | st.none() | st.floats() | st.integers(), max_size=8),
    st.sampled_from([*codes.CODE_TYPES, None]),
)
@settings(deadline=None)
def test_anything_gets_an_answer(values: list[object], code_type: str | None) -> None:
    found = codes.classify(values, code_type=code_type)
    assert len(found) == len(values)
    assert set(found["system"]) <= SYSTEMS
    known = found[found["system"] != "unknown"]
    assert known["code"].notna().all() and known["category"].notna().all()
    assert found["also"].dropna().isin(SYSTEMS).all()
    assert known["code"].tolist() == codes.normal(known["code"]).tolist()


@pytest.mark.parametrize(
    ("given", "column", "code", "system"),
    cases("""
        450           | Revenue Code        | 0450        | revenue
        0022.0        | REV_CNTR            | 0022        | revenue
        45000         | revenue_center_code | 45000       | unknown
        470           | DRG_CD              | 470         | drg
        3             | drg                 | 003         | drg
        0             | drg                 | 0           | unknown
        0002-1433-80  | NDC                 | 00002143380 | ndc
        00021433801   | ndc_code            | 00021433801 | ndc
        0021433801    | ndc_code            | 0021433801  | unknown
        D0120         | Dental code         | D0120       | cdt
        99213         | CDT                 | 99213       | unknown
        1AFKS         | HIPPS code          | 1AFKS       | hipps
        02703DZ       | ICD10PCS            | 02703DZ     | icd-10-pcs
        02703DZ       | ICD_PRCDR_CD1       | 02703DZ     | icd-10-pcs
        J1100         | hcpcs_code          | J1100       | hcpcs
        J1100         | CPT code            | J1100       | hcpcs
        J1100         | PRNCPAL_DGNS_CD     | J1100       | icd-10-cm
        4019          | Dx 1                | 4019        | icd-9-cm
    """),
)
def test_the_column_says_what_its_codes_are(given: str, column: str, code: str, system: str) -> None:
    assert codes.classify(given, column=column).iloc[0][["code", "system"]].tolist() == [code, system]


def test_a_stated_type_goes_before_the_columns_and_a_silent_column_is_refused() -> None:
    found = codes.classify(["J1100", "J1100"], code_type=["diagnosis", None], column="hcpcs")
    assert found["system"].tolist() == ["icd-10-cm", "hcpcs"]
    with pytest.raises(ArgumentError, match="column: 'value' does not say what it holds"):
        codes.classify("J1100", column="value")


@pytest.mark.parametrize(
    ("given", "code", "modifiers"),
    cases("""
        99213-25       | 99213 | 25
        99213 25       | 99213 | 25
        HC:99213:25:59 | 99213 | 25 59
        j1100-jw       | J1100 | JW
        0042T,RT       | 0042T | RT
    """),
)
def test_a_procedure_may_come_with_its_modifiers(given: str, code: str, modifiers: str) -> None:
    row = codes.classify(given).iloc[0]
    assert row[["code", "modifiers"]].tolist() == [code, modifiers]
    assert row["system"] in ("cpt", "hcpcs") and pd.isna(row["also"])


# Official lists ---------------------------------------------------------------------------------------------


def rows(file: Path, **options: str) -> Iterator[dict[str, str]]:
    with gzip.open(file, "rt", encoding="utf-8-sig", errors="replace", newline="") as text:
        yield from csv.DictReader(text, **options)


@pytest.fixture(scope="module")
def icd10(shared_data: Path) -> pd.DataFrame:
    return pd.DataFrame(rows(shared_data / "icd10cm_fy2025" / "icd10cm_order_fy2025_apr.csv.gz"))


def test_every_icd_10_cm_code_has_a_chapter_and_a_block(icd10: pd.DataFrame) -> None:
    found = codes.classify(icd10["code"], code_type="icd-10-cm")
    assert (found["system"] == "icd-10-cm").all()
    assert found[["category", "section", "block"]].notna().all(axis=None)
    assert found["section"].nunique() == 22
    assert (codes.diagnosis_family(icd10["code"], code_type="icd-10-cm") != "Unknown").all()


def test_every_billable_icd_10_cm_code_is_one_by_default_among_diagnoses(icd10: pd.DataFrame) -> None:
    billable = icd10["code"][icd10["billable"] == "1"]
    assert (codes.classify(billable, code_type="diagnosis")["system"] == "icd-10-cm").all()
    dotted = billable.str[:3] + "." + billable.str[3:]
    long = billable.str.len() > 3
    assert (codes.classify(dotted[long])["system"] == "icd-10-cm").all()


@pytest.mark.thorough
def test_chapters_agree_with_the_tabular_list(icd10: pd.DataFrame) -> None:
    tabular = pytest.importorskip("simple_icd_10_cm", reason="an independent reading of the tabular list")
    stems = icd10["code"].str[:3].drop_duplicates()
    found = codes.classify(stems, code_type="icd-10-cm")
    for stem, section, block in zip(stems, found["section"], found["block"], strict=True):
        *inner, chapter = tabular.get_ancestors(stem)
        blocks = [name for name in [stem, *inner] if tabular.is_block(name)]
        assert tabular.get_description(chapter).startswith(section)
        assert blocks[-1] == block


def test_every_icd_9_cm_code_has_a_chapter(shared_data: Path) -> None:
    listed = [r["DIAGNOSIS CODE"] for r in rows(shared_data / "icd9" / "CMS32_DX.txt.gz", delimiter="|")]
    assert len(listed) > 14_000
    for arguments in ({"code_type": "icd-9-cm"}, {"code_type": "diagnosis", "on": "2012-03-04"}):
        found = codes.classify(listed, **arguments)
        assert (found["system"] == "icd-9-cm").all() and found["section"].notna().all()
    assert "Unknown" not in set(codes.diagnosis_family(listed, code_type="icd-9-cm"))


def test_an_icd_9_cm_family_is_the_one_that_most_of_its_codes_map_into(shared_data: Path) -> None:
    listed = pd.DataFrame(rows(shared_data / "icd9" / "icd9toicd10cmgem.csv.gz"))
    listed = listed[listed["no_map"] == "0"].drop_duplicates("icd9cm")
    nine = codes.diagnosis_family(listed["icd9cm"], code_type="icd-9-cm")
    ten = codes.diagnosis_family(listed["icd10cm"], code_type="icd-10-cm")
    most = ten.groupby(nine).agg(lambda families: families.mode()[0])
    assert len(most) == 21 and (most.index == most).all()


def test_every_icd_9_cm_procedure_has_a_chapter(shared_data: Path) -> None:
    listed = [r["PROCEDURE CODE"] for r in rows(shared_data / "icd9" / "CMS32_SG.txt.gz", delimiter="|")]
    found = codes.classify(listed, code_type="icd-9-pcs")
    assert (found["system"] == "icd-9-cm").all() and found["section"].notna().all()


@pytest.mark.parametrize("code_type", [None, "hcpcs", "procedure"])
def test_every_hcpcs_code_is_one(shared_data: Path, code_type: str | None) -> None:
    file = shared_data / "codes" / "hcpcs_l2_opps_addendumB_2026-04.csv.gz"
    found = codes.classify([r["HCPCSCode"] for r in rows(file)], code_type=code_type)
    own = found[found["system"] == "hcpcs"]
    assert len(own) > 6000 and (own["category"] == "HCPCS " + own["code"].str[0]).all()
    assert found["section"].notna().all()
    both = found[found["system"] != "hcpcs"]
    # Without a type the 383 that ICD-10-CM has, or had, too are both.
    assert both[["system", "also"]].eq(["icd-10-cm", "hcpcs"]).all(axis=None)
    assert len(both) == (383 if code_type is None else 0)


@pytest.mark.parametrize("code_type", [None, "icd-10-pcs", "procedure"])
def test_every_icd_10_pcs_code_is_one(shared_data: Path, code_type: str | None) -> None:
    edits = rows(shared_data / "codes" / "MCE_Simple_Code_Edits_v37.txt.gz", delimiter="\t")
    found = codes.classify([r["ICD_Code"] for r in edits if r["ICD_Code_Type"] == "P"], code_type=code_type)
    assert len(found) > 4000 and (found["system"] == "icd-10-pcs").all() and found["section"].notna().all()


def test_every_procedure_of_real_claims_has_a_family(shared_data: Path) -> None:
    lines = pd.read_csv(shared_data / "desynpuf_2008" / "carrier_lines.csv.gz", dtype=str)
    assert "Unknown" not in set(codes.procedure_family(lines["HCPCS_CD"]))


def test_importing_is_light() -> None:
    script = "import sys, cpticd.codes; print([m for m in ('scipy', 'statsmodels', 'duckdb', 'plotly') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
