"""CCLF: parts of a claim in several files, cancellations and adjustments, identifiers that change, fixed width."""

from __future__ import annotations

from pathlib import Path

import pytest

import cpticd as cx
from cpticd.core.errors import InputError
from tests.loaders.cms_text import read
from tests.loaders.flat_text import balanced, said, table

#: Columns of the files in their order, with their widths: CCLF Information Packet 36, written down apart from the table.
WIDTHS = {
    1: "13 6 11 11 2 10 10 1 1 7 7 2 17 1 2 2 4 1 10 10 10 10 2 10 10 11 2 2 1 1 1 15 15 22 15 15 22 20 10 10 10 10 40 40 5",
    2: "13 10 11 11 2 10 10 4 10 5 11 6 10 10 24 17 2 2 2 2 2 5 20",
    3: "13 11 11 2 2 7 10 11 6 10 10 1 20",
    4: "13 11 11 2 1 2 7 11 6 10 10 7 1 20",
    5: "13 10 11 11 2 10 10 3 2 2 1 2 10 10 5 15 1 7 10 10 2 2 2 10 10 40 11 17 24 2 2 2 2 2 2 7 7 7 7 7 7 7 7 1 7 7 7 7 3 10 10 5",
    6: "13 10 11 11 2 10 10 1 2 10 10 5 15 1 10 10 2 2 2 10 10 40 11 17 2 10 10",
    7: "13 11 11 11 2 10 2 20 1 1 24 9 2 20 13 2 10 10 12 9 2",
    8: "11 11 2 3 5 10 1 1 3 2 2 10 10 10 30 15 40 1 1 10 10 45 45 40 40 40 40 100 2 5 4",
    9: "1 11 11 10 10 12",
}  # fmt: skip


def fixed(file: int, *rows: dict[int, str]) -> str:
    """Lines of a file, of cells by the number of their column; numbers and amounts stand on the right."""
    widths = [int(width) for width in WIDTHS[file].split()]
    text = ""
    for row in rows:
        cells = [row.get(n, "") for n in range(1, len(widths) + 1)]
        text += "".join(
            cell.rjust(width) if width in (15, 17, 24) else cell.ljust(width)
            for cell, width in zip(cells, widths, strict=True)
        ).rstrip() + "\n"  # fmt: skip
    return text


LINE = "CUR_CLM_UNIQ_ID | CLM_LINE_NUM | BENE_MBI_ID | CLM_TYPE_CD | CLM_FROM_DT | CLM_THRU_DT | CLM_LINE_HCPCS_CD | CLM_LINE_CVRD_PD_AMT | CLM_LINE_ALOWD_CHRG_AMT | CLM_CARR_PMT_DNL_CD | CLM_PRCSG_IND_CD | CLM_ADJSMT_TYPE_CD | CLM_EFCTV_DT | CLM_CNTL_NUM | CLM_DGNS_1_CD | CLM_DGNS_2_CD | DGNS_PRCDR_ICD_IND | CLM_LINE_DGNS_CD"


def test_a_cancellation_takes_back_and_an_adjustment_replaces(tmp_path: Path) -> None:
    claims = read(
        tmp_path,
        f"""
        {LINE}
        1 | 1 | M1 | 71 | 2024-01-05 | 2024-01-05 | 99214 | 0     | 0      | 1 | N | 0 | 2024-01-20 | K1 | E119 | I10 | 0 | I10
        2 | 1 | M1 | 71 | 2024-01-05 | 2024-01-05 | 99214 | 0     | 0      | 1 | N | 1 | 2024-03-01 | K1 | E119 | I10 | 0 | I10
        3 | 1 | M1 | 71 | 2024-01-05 | 2024-01-05 | 99214 | 80.00 | 100.00 | 1 | A | 2 | 2024-03-01 | K1 | E119 | I10 | 0 | I10
        4 | 1 | M1 | 71 | 2024-01-06 | 2024-01-06 | 99213 | 50.00 | 60.00  | 1 | A | 0 | 2024-01-20 | K2 | E119 |     | 0 | E119
        5 | 1 | M1 | 71 | 2024-01-06 | 2024-01-06 | 99213 | 50.00 | 60.00  | 1 | A | 1 | 2024-02-20 | K2 | E119 |     | 0 | E119
        """,
    )
    assert table(claims, "claims", "claim_id", "frequency_code", "original_payer_claim_id") == [
        ("1", None, None), ("3", "7", "1"), ("4", None, None),
    ]  # fmt: skip
    assert table(claims, "adjudications", "claim_id", "adjudication_number", "paid_date", "claim_status_code",
                 "is_reversal", "paid_amount") == [
        ("1", 1, "2024-01-20", None, False, 0.0), ("1", 2, "2024-03-01", "22", True, 0.0),
        ("3", 1, "2024-03-01", None, False, 80.0), ("4", 1, "2024-01-20", None, False, 50.0),
        ("4", 2, "2024-02-20", "22", True, -50.0),
    ]  # fmt: skip
    assert claims.query("SELECT sum(paid_amount) AS paid FROM line_payments").paid[0] == 80
    assert table(claims, "line_outcomes", "claim_id", "final_outcome", "paid_amount")[-1] == (
        "4",
        "not adjudicated",
        0.0,
    )
    assert ("", "the feed has no submitted charge: charge_amount is the allowed charge: 3 claims") in said(
        claims, "noted"
    )
    assert balanced(claims)


def part_a(sep: str = "|") -> list[str]:
    """Header, revenue lines, procedures and diagnoses of one institutional claim, and a header that is cancelled."""
    return [
        """
        CUR_CLM_UNIQ_ID | PRVDR_OSCAR_NUM | BENE_MBI_ID | CLM_TYPE_CD | CLM_FROM_DT | CLM_THRU_DT | CLM_BILL_FAC_TYPE_CD | CLM_BILL_CLSFCTN_CD | PRNCPL_DGNS_CD | ADMTG_DGNS_CD | CLM_MDCR_NPMT_RSN_CD | CLM_PMT_AMT | BENE_PTNT_STUS_CD | DGNS_DRG_CD | FAC_PRVDR_NPI_NUM | CLM_ADJSMT_TYPE_CD | CLM_EFCTV_DT | CLM_BILL_FREQ_CD | DGNS_PRCDR_ICD_IND | CLM_MDCR_INSTNL_TOT_CHRG_AMT
        11 | 330001 | M1 | 60 | 2024-02-01 | 2024-02-05 | 1 | 1 | J189 | R0602 | ~ | 7000.00 | 01 | 193 | 1093999990 | 0 | 2024-02-20 | 1 | 0 | 30000.00
        12 | 330001 | M1 | 40 | 2024-03-01 | 2024-03-01 | 1 | 3 | E119 |       | N | 0.00    | 01 |     | 1093999990 | 0 | 2024-03-20 | 1 | 0 | 500.00
        13 | 330002 | M1 | 40 | 2024-04-01 | 2024-04-01 | 1 | 3 | E119 |       | ~ | 90.00   | 01 |     | 1093999990 | 0 | 2024-04-20 | 1 | 0 | 300.00
        14 | 330002 | M1 | 40 | 2024-04-01 | 2024-04-01 | 1 | 3 | E119 |       | ~ | 90.00   | 01 |     | 1093999990 | 1 | 2024-05-20 | 1 | 0 | 300.00
        """,
        """
        CUR_CLM_UNIQ_ID | CLM_LINE_NUM | BENE_MBI_ID | CLM_TYPE_CD | CLM_LINE_FROM_DT | CLM_LINE_PROD_REV_CTR_CD | CLM_LINE_HCPCS_CD | CLM_LINE_SRVC_UNIT_QTY | CLM_LINE_CVRD_PD_AMT | HCPCS_1_MDFR_CD
        11 | 1 | M1 | 60 | 2024-02-01 | 0120 | ~     | 4.0000 | 0.00  | ~
        11 | 2 | M1 | 60 | 2024-02-01 | 0001 | ~     | 0.0000 | 0.00  | ~
        13 | 1 | M1 | 40 | 2024-04-01 | 0300 | 80053 | 1.0000 | 90.00 | 91
        """,
        """
        CUR_CLM_UNIQ_ID | BENE_MBI_ID | CLM_TYPE_CD | CLM_VAL_SQNC_NUM | CLM_PRCDR_CD | CLM_PRCDR_PRFRM_DT | CLM_FROM_DT | CLM_THRU_DT | DGNS_PRCDR_ICD_IND
        11 | M1 | 60 | 01 | 0BH17EZ | 2024-02-02 | 2024-02-01 | 2024-02-05 | 0
        """,
        """
        CUR_CLM_UNIQ_ID | BENE_MBI_ID | CLM_TYPE_CD | CLM_PROD_TYPE_CD | CLM_VAL_SQNC_NUM | CLM_DGNS_CD | CLM_FROM_DT | CLM_THRU_DT | CLM_POA_IND | DGNS_PRCDR_ICD_IND
        11 | M1 | 60 | D | 01 | J189  | 2024-02-01 | 2024-02-05 | Y | 0
        11 | M1 | 60 | D | 02 | E119  | 2024-02-01 | 2024-02-05 | N | 0
        11 | M1 | 60 | E | 01 | W19XXXA | 2024-02-01 | 2024-02-05 | ~ | 0
        """,
    ]


def test_part_a_of_four_files(tmp_path: Path) -> None:
    claims = read(tmp_path, *part_a())
    assert table(claims, "claims", "claim_id", "claim_type", "bill_type_code", "drg_code", "charge_amount") == [
        ("11", "institutional", "111", "193", 30000.0), ("12", "institutional", "131", None, 500.0),
        ("13", "institutional", "131", None, 300.0),
    ]  # fmt: skip
    assert table(claims, "lines", "claim_id", "claim_line_number", "revenue_center_code", "hcpcs_code",
                 "hcpcs_modifier_1", "service_unit_quantity") == [
        ("11", 1, "0120", None, None, 4.0), ("13", 1, "0300", "80053", "91", 1.0),
    ]  # fmt: skip
    assert table(claims, "diagnoses", "claim_id", "diagnosis_code", "diagnosis_kind", "present_on_admission_code")[:4] == [
        ("11", "J189", "principal", "Y"), ("11", "E119", "other", "N"), ("11", "R0602", "admitting", None),
        ("11", "W19XXXA", "external cause", None),
    ]  # fmt: skip
    assert table(claims, "procedures", "procedure_code", "procedure_date") == [("0BH17EZ", "2024-02-02")]
    # The payment of 11 stands for the claim; the cancellation of 13 is known by provider and days.
    assert table(claims, "adjudications", "claim_id", "adjudication_number", "claim_status_code", "paid_amount") == [
        ("11", 1, None, 7000.0), ("12", 1, "4", 0.0), ("13", 1, None, 90.0), ("13", 2, "22", -90.0),
    ]  # fmt: skip
    assert table(claims, "claim_outcomes", "claim_id", "initial_outcome")[1] == ("12", "denied")
    assert balanced(claims)


def test_persons_are_named_by_the_identifier_that_is_current(tmp_path: Path) -> None:
    claims = read(
        tmp_path,
        f"""
        {LINE}
        1 | 1 | M1 | 71 | 2024-01-05 | 2024-01-05 | 99214 | 80.00 | 100.00 | 1 | A | 0 | 2024-01-20 | K1 | E119 | | 0 | E119
        2 | 1 | M2 | 71 | 2024-02-05 | 2024-02-05 | 99214 | 80.00 | 100.00 | 1 | A | 0 | 2024-02-20 | K2 | E119 | | 0 | E119
        3 | 1 | M3 | 71 | 2024-03-05 | 2024-03-05 | 99214 | 80.00 | 100.00 | 1 | A | 0 | 2024-03-20 | K3 | E119 | | 0 | E119
        4 | 1 | M9 | 71 | 2024-03-05 | 2024-03-05 | 99214 | 80.00 | 100.00 | 1 | A | 0 | 2024-03-20 | K4 | E119 | | 0 | E119
        """,
        "HICN_MBI_XREF_IND | CRNT_NUM | PRVS_NUM | PRVS_ID_EFCTV_DT\n M | M2 | M1 | 2023-01-01\n M | M3 | M2 | 2024-02-20",
    )
    assert table(claims, "claims", "claim_id", "person_id") == [
        ("1", "M3"),
        ("2", "M3"),
        ("3", "M3"),
        ("4", "M9"),
    ]
    assert balanced(claims)


def test_the_same_in_fixed_width(tmp_path: Path) -> None:
    part_b = {1: "21", 2: "1", 3: "M1", 5: "71", 6: "2024-01-05", 7: "2024-01-05", 10: "08", 12: "11", 13: "2024-01-05",
              14: "2024-01-05", 15: "99213", 16: "80.00", 18: "E119", 20: "1093999990", 21: "1", 22: "A", 23: "0",
              24: "2024-01-20", 25: "1000-01-01", 26: "K1", 28: "100.00", 29: "1.0000", 30: "25", 36: "E119", 37: "I10",
              44: "0"}  # fmt: skip
    denied = part_b | {2: "2", 15: "93000", 16: "0.00", 22: "N", 28: "-0.00", 18: "I10"}
    files = {
        "P.A0001.ACO.ZC1Y24.D240301.T1": fixed(1, {
            1: "11", 2: "330001", 3: "M1", 5: "60", 6: "2024-02-01", 7: "2024-02-05", 8: "1", 9: "1", 10: "J189",
            11: "R0602", 12: "", 13: "7000.00", 16: "01", 17: "0193", 19: "1093999990", 23: "0", 24: "2024-02-20",
            29: "1", 31: "0", 32: "30000.00"}),
        "P.A0001.ACO.ZC2Y24.D240301.T1": fixed(2, {
            1: "11", 2: "1", 3: "M1", 5: "60", 6: "2024-02-01", 7: "2024-02-05", 8: "0120", 9: "2024-02-01",
            13: "2024-02-01", 14: "2024-02-05", 15: "4.0000", 16: "0.00"}),
        "P.A0001.ACO.ZC5Y24.D240301.T1": fixed(5, part_b, denied),
        "P.A0001.ACO.ZC7Y24.D240301.T1": fixed(7, {
            1: "31", 2: "M0", 4: "00002143380", 5: "01", 6: "2024-01-09", 7: "01", 8: "1093999991", 11: "2.5000",
            12: "28", 13: "01", 14: "1093999992", 15: "10.00", 16: "0", 17: "2024-01-20", 19: "5", 20: "1"}),
        "P.A0001.ACO.ZC8Y24.D240301.T1": fixed(8, {
            1: "M1", 3: "36", 6: "1950-02-01", 7: "2", 10: "10", 11: "02", 18: "1", 29: "NY"}),
        "P.A0001.ACO.ZC9Y24.D240301.T1": fixed(9, {1: "M", 2: "M1", 3: "M0", 4: "2023-01-01", 5: "2023-12-31"}),
    }  # fmt: skip
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    claims = cx.read(tmp_path, progress=False)
    assert table(claims, "claims", "claim_id", "person_id", "claim_type", "drg_code", "charge_amount") == [
        ("11", "M1", "institutional", "193", 30000.0), ("21", "M1", "professional", None, 100.0),
    ]  # fmt: skip
    assert table(claims, "lines", "claim_id", "claim_line_number", "hcpcs_code", "hcpcs_modifier_1", "service_unit_quantity") == [
        ("11", 1, None, None, 4.0), ("21", 1, "99213", "25", 1.0), ("21", 2, "93000", "25", 1.0),
    ]  # fmt: skip
    assert table(claims, "diagnoses", "claim_id", "diagnosis_code") == [
        ("11", "J189"), ("11", "R0602"), ("21", "E119"), ("21", "I10"),
    ]  # fmt: skip
    assert table(claims, "line_outcomes", "claim_id", "initial_outcome", "paid_amount") == [
        ("11", "paid", 7000.0), ("21", "paid", 80.0), ("21", "denied", 0.0),
    ]  # fmt: skip
    assert table(claims, "drugs", "fill_id", "person_id", "fill_date", "days_supply", "prescribing_npi") == [
        ("31", "M1", "2024-01-09", 28, "1093999992"),
    ]  # fmt: skip
    assert table(claims, "members", "person_id", "year", "sex", "state", "dual_status_code", "esrd") == [
        ("M1", 2024, "female", "NY", "02", False),
    ]  # fmt: skip
    assert balanced(claims)


def test_fixed_width_is_told_by_what_stands_where(tmp_path: Path) -> None:
    path = tmp_path / "part_b.txt"
    path.write_text(fixed(6, {1: "7", 2: "1", 3: "M1", 5: "82", 6: "2024-01-05", 7: "2024-01-05", 9: "12",
                              10: "2024-01-05", 11: "2024-01-05", 12: "E0601", 13: "70.00", 15: "1093999990", 17: "1",
                              18: "A", 19: "0", 20: "2024-01-20", 22: "K1", 24: "90.00"}))  # fmt: skip
    claims = cx.read_rif(path, progress=False)
    assert table(claims, "lines", "hcpcs_code", "rendering_npi", "charge_amount") == [
        ("E0601", "1093999990", 90.0)
    ]


def test_damaged_lines_of_fixed_width(tmp_path: Path) -> None:
    path = tmp_path / "P.A0001.ACO.ZC6Y24.D240301.T1"
    row = {1: "7", 2: "1", 3: "M1", 5: "82", 6: "2024-01-05", 7: "2024-01-05", 9: "12", 10: "2024-01-05",
           11: "2024-01-05", 12: "E0601", 13: "70.00", 15: "1093999990", 17: "1", 18: "A", 19: "0", 20: "2024-01-20",
           22: "K1", 24: "90.00"}  # fmt: skip
    lines = fixed(6, *(row | {1: str(n)} for n in range(1, 6))).splitlines()
    lines[1] = lines[1][:30] + lines[1][31:]  # a character is gone
    path.write_text("\n".join([*lines[:4], lines[4][:-40]]))
    claims = cx.read_rif(path, progress=False)
    assert table(claims, "claims", "claim_id") == [("1",), ("3",), ("4",), ("5",)] and balanced(claims)
    reasons = claims.rejects.reason.tolist()
    assert any("not a date" in reason for reason in reasons)
    assert any("2 that end before" in reason and "is the file cut short?" in reason for reason in reasons)


def test_an_event_is_adjusted_and_deleted(tmp_path: Path) -> None:
    claims = read(
        tmp_path,
        """
        CUR_CLM_UNIQ_ID | BENE_MBI_ID | CLM_LINE_NDC_CD | CLM_TYPE_CD | CLM_LINE_FROM_DT | CLM_SRVC_PRVDR_GNRC_ID_NUM | CLM_LINE_SRVC_UNIT_QTY | CLM_LINE_DAYS_SUPLY_QTY | CLM_LINE_BENE_PMT_AMT | CLM_ADJSMT_TYPE_CD | CLM_EFCTV_DT | CLM_LINE_RX_SRVC_RFRNC_NUM | CLM_LINE_RX_FILL_NUM
        1 | M1 | 00002143380 | 01 | 2024-01-02 | 1093999990 | 2.5 | 28 | 10.00 | 0 | 2024-01-20 | 77 | 1
        2 | M1 | 00002143380 | 01 | 2024-01-02 | 1093999990 | 2.5 | 28 | 12.00 | 2 | 2024-02-20 | 77 | 1
        3 | M1 | 00002143380 | 01 | 2024-02-02 | 1093999990 | 2.5 | 28 | 10.00 | 0 | 2024-02-20 | 77 | 2
        4 | M1 | 00002143380 | 01 | 2024-02-02 | 1093999990 | 2.5 | 28 | 10.00 | 1 | 2024-03-20 | 77 | 2
        """,
    )
    assert table(claims, "drugs", "fill_id", "patient_responsibility_amount") == [("2", 12.0)]
    assert balanced(claims)


def test_files_without_claims_are_refused_by_what_they_are(tmp_path: Path) -> None:
    path = tmp_path / "cclfb.csv"
    path.write_text(
        "CUR_CLM_UNIQ_ID,CLM_LINE_NUM,BENE_MBI_ID,CLM_TYPE_CD,CLM_LINE_NGACO_PBPMT_SW\n1,1,M1,71,Y\n"
    )
    with pytest.raises(InputError, match="CCLFB, benefit enhancement codes of Part B"):
        cx.read(path, progress=False)
    path = tmp_path / "P.A0001.ACO.ZC0Y24.D240301.T1"
    path.write_text(
        "File Number  |File Description    |Total Records Count |Record Length\nCCLF1        |Part A Claims Header|                   1|          437\n"
    )
    with pytest.raises(InputError, match="CCLF0, summary statistics"):
        cx.read(path, progress=False)
    path = tmp_path / "conditions.csv"
    path.write_text("BENE_ID,CLM_ID,NCH_CLM_TYPE_CD,RLT_COND_CD_SEQ,CLM_RLT_COND_CD\n1,2,60,1,A6\n")
    with pytest.raises(InputError, match="RIF, condition codes"):
        cx.read(path, progress=False)
    path = tmp_path / "cclf8.csv"
    path.write_text("BENE_MBI_ID,BENE_DOB,BENE_SEX_CD\nM1,1950-02-01,2\n")
    with pytest.raises(InputError, match="which year"):
        cx.read_rif(path, progress=False)
