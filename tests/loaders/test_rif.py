"""RIF and LDS: what repeats counts once, totals are no lines, indicators are the outcome; files are told by columns."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import cpticd as cx
from cpticd.core.errors import InputError
from tests.loaders.cms_text import read, write
from tests.loaders.flat_text import assert_same, balanced, said, table

CARRIER = """
    BENE_ID | CLM_ID | NCH_CLM_TYPE_CD | CLM_FROM_DT | CLM_THRU_DT | NCH_WKLY_PROC_DT | CARR_CLM_PMT_DNL_CD | CLM_PMT_AMT | NCH_CARR_CLM_SBMTD_CHRG_AMT | CARR_CLM_CNTL_NUM | CARR_CLM_BLG_NPI_NUM | PRNCPAL_DGNS_CD | PRNCPAL_DGNS_VRSN_CD | ICD_DGNS_CD1 | ICD_DGNS_VRSN_CD1 | ICD_DGNS_CD2 | ICD_DGNS_VRSN_CD2 | LINE_NUM | PRF_PHYSN_NPI | PRVDR_SPCLTY | LINE_SRVC_CNT | LINE_PLACE_OF_SRVC_CD | LINE_1ST_EXPNS_DT | HCPCS_CD | HCPCS_1ST_MDFR_CD | LINE_NCH_PMT_AMT | LINE_BENE_PTB_DDCTBL_AMT | LINE_COINSRNC_AMT | LINE_BENE_PRMRY_PYR_PD_AMT | LINE_SBMTD_CHRG_AMT | LINE_ALOWD_CHRG_AMT | LINE_PRCSG_IND_CD | CARR_LINE_MTUS_CNT | CARR_LINE_MTUS_CD | LINE_ICD_DGNS_CD | LINE_ICD_DGNS_VRSN_CD
    7       | 100    | 71              | 30-May-2015 | 30-May-2015 | 05-Jun-2015      | 1                   | 60.00       | 250.00                      | K1                | 1111111112           | E119            | 0                    | E119         | 0                 | 4019         | 9                 | 1        | 2222222222    | 08           | 1             | 11                    | 30-May-2015       | 99213    | 25                | 60.00            | 5.00                     | 15.00             | 0.00                       | 150.00              | 80.00               | A                 | 1                  | 3                | I10              | 0
    7       | 100    | 71              | 30-May-2015 | 30-May-2015 | 05-Jun-2015      | 1                   | 60.00       | 250.00                      | K1                | 1111111112           | E119            | 0                    | E119         | 0                 | 4019         | 9                 | 2        | 2222222222    | 08           | 1             | 11                    | 30-May-2015       | 95810    |                   | 0.00             | 0.00                     | 0.00              | 0.00                       | 100.00              | 0.00                | N                 |                    |                  | E119             | 0
    8       | 101    | 71              | 20160102    | 20160102    | 20160108         | 0                   | 0.00        | 90.00                       | K2                | 1111111112           | R519            | 0                    | R519         | 0                 |              |                   | 1        | 0000000000    | 05           | 3             | 22                    | 20160102          | 1967     |                   | 0.00             | 0.00                     | 0.00              | 0.00                       | 90.00               | 0.00                | A                 | 30                 | 2                | R519             | 0
"""
OUTPATIENT = """
    BENE_ID | CLM_ID | NCH_CLM_TYPE_CD | CLM_FROM_DT | CLM_THRU_DT | FI_CLM_PROC_DT | CLM_FAC_TYPE_CD | CLM_SRVC_CLSFCTN_TYPE_CD | CLM_FREQ_CD | CLM_MDCR_NON_PMT_RSN_CD | CLM_PMT_AMT | CLM_TOT_CHRG_AMT | PTNT_DSCHRG_STUS_CD | PRNCPAL_DGNS_CD | PRNCPAL_DGNS_VRSN_CD | ICD_DGNS_CD1 | ICD_DGNS_VRSN_CD1 | ICD_DGNS_CD2 | ICD_DGNS_VRSN_CD2 | FST_DGNS_E_CD | ICD_DGNS_E_CD1 | RSN_VISIT_CD1 | NCH_BENE_PTB_DDCTBL_AMT | NCH_BENE_PTB_COINSRNC_AMT | CLM_LINE_NUM | REV_CNTR | REV_CNTR_DT | REV_CNTR_1ST_ANSI_CD | REV_CNTR_2ND_ANSI_CD | HCPCS_CD | REV_CNTR_UNIT_CNT | REV_CNTR_CASH_DDCTBL_AMT | REV_CNTR_COINSRNC_WGE_ADJSTD_C | REV_CNTR_PMT_AMT_AMT | REV_CNTR_TOT_CHRG_AMT | REV_CNTR_NCVRD_CHRG_AMT
    7       | 200    | 40              | 01-Feb-2021 | 01-Feb-2021 | 20-Feb-2021    | 1               | 3                        | 1           |                         | 70.00       | 500.00           | 1                   | S72001A         | 0                    | S72001A      | 0                 | S72001A      | 0                 | W19XXXA       | W19XXXA        | M25551        | 10.00                   | 20.00                     | 1            | 450      | 01-Feb-2021 | CO45                 |                      | 99284    | 1                 | 10.00                    | 20.00                          | 70.00                | 200.00                | 0.00
    7       | 200    | 40              | 01-Feb-2021 | 01-Feb-2021 | 20-Feb-2021    | 1               | 3                        | 1           |                         | 70.00       | 500.00           | 1                   | S72001A         | 0                    | S72001A      | 0                 | S72001A      | 0                 | W19XXXA       | W19XXXA        | M25551        | 10.00                   | 20.00                     | 2            | 0301     | 01-Feb-2021 | CO50                 | CO45                 | 80053    | 1                 | 0.00                     | 0.00                           | 0.00                 | 300.00                | 300.00
    7       | 200    | 40              | 01-Feb-2021 | 01-Feb-2021 | 20-Feb-2021    | 1               | 3                        | 1           |                         | 70.00       | 500.00           | 1                   | S72001A         | 0                    | S72001A      | 0                 | S72001A      | 0                 | W19XXXA       | W19XXXA        | M25551        | 10.00                   | 20.00                     | 3            | 0001     |             |                      |                      |          |                   |                          |                                |                      | 500.00                | 300.00
"""
INPATIENT = """
    BENE_ID | CLM_ID | NCH_CLM_TYPE_CD | CLM_FROM_DT | CLM_THRU_DT | CLM_PMT_AMT | CLM_TOT_CHRG_AMT | CLM_MDCR_NON_PMT_RSN_CD | CLM_DRG_CD | CLM_FAC_TYPE_CD | CLM_SRVC_CLSFCTN_TYPE_CD | CLM_FREQ_CD | NCH_BENE_IP_DDCTBL_AMT | NCH_BENE_PTA_COINSRNC_LBLTY_AM | ADMTG_DGNS_CD | PRNCPAL_DGNS_CD | ICD_DGNS_CD1 | ICD_DGNS_CD2 | CLM_POA_IND_SW1 | CLM_POA_IND_SW2 | ICD_PRCDR_CD1 | ICD_PRCDR_VRSN_CD1 | PRCDR_DT1 | ICD_PRCDR_CD2 | ICD_PRCDR_VRSN_CD2 | PRCDR_DT2 | ICD_PRCDR_CD3 | ICD_PRCDR_VRSN_CD3 | PRCDR_DT3 | CLM_LINE_NUM | REV_CNTR | HCPCS_CD | REV_CNTR_TOT_CHRG_AMT
    7       | 300    | 60              | 20150901    | 20150930    | 900.00      | 4000.00          |                         | 65         | 1               | 1                        | 1           | 100.00                 | 0.00                           | 486           | 486             | 486          | 4280         | Y               | N               | 3995          | 9                  | 20150902  | 3995          | 9                  | 20150902  | 3995          | 9                  | 20150905  | 1            | 0120     |          | 3000.00
    7       | 300    | 60              | 20150901    | 20150930    | 900.00      | 4000.00          |                         | 65         | 1               | 1                        | 1           | 100.00                 | 0.00                           | 486           | 486             | 486          | 4280         | Y               | N               | 3995          | 9                  | 20150902  | 3995          | 9                  | 20150902  | 3995          | 9                  | 20150905  | 2            | 0250     |          | 1000.00
    7       | 300    | 60              | 20150901    | 20150930    | 900.00      | 4000.00          |                         | 65         | 1               | 1                        | 1           | 100.00                 | 0.00                           | 486           | 486             | 486          | 4280         | Y               | N               | 3995          | 9                  | 20150902  | 3995          | 9                  | 20150902  | 3995          | 9                  | 20150905  | 3            | 0001     |          | 4000.00
    8       | 301    | 60              | 20151001    | 20151003    | 0.00        | 800.00           | N                       | 65         | 1               | 1                        | 1           | 0.00                   | 0.00                           | J189          | J189            | J189         |              |                 |                 |               |                    |           |               |                    |           |               |                    |           | 1            | 0120     |          | 800.00
"""


def test_carrier_lines_outcomes_and_diagnoses(tmp_path: Path) -> None:
    claims = read(tmp_path, CARRIER)
    assert table(claims, "claims", "claim_id", "claim_type", "person_id", "payer_kind", "billing_npi", "charge_amount") == [
        ("100", "professional", "7", "medicare", "1111111112", 250.0),
        ("101", "professional", "8", "medicare", "1111111112", 90.0),
    ]  # fmt: skip
    assert table(claims, "lines", "claim_id", "claim_line_number", "hcpcs_code", "hcpcs_modifier_1",
                 "place_of_service_code", "rendering_npi", "charge_amount", "service_unit_quantity", "unit_of_measure") == [
        ("100", 1, "99213", "25", "11", "2222222222", 150.0, 1.0, "UN"),
        ("100", 2, "95810", None, "11", "2222222222", 100.0, 1.0, None),
        ("101", 1, "01967", None, "22", None, 90.0, None, "MJ"),
    ]  # fmt: skip
    diagnoses = table(claims, "diagnoses", "claim_id", "diagnosis_position", "diagnosis_code", "diagnosis_code_type",
                      "diagnosis_kind")  # fmt: skip
    assert diagnoses == [
        ("100", 1, "E119", "icd-10-cm", "principal"), ("100", 2, "4019", "icd-9-cm", "other"),
        ("100", 3, "I10", "icd-10-cm", "other"), ("101", 1, "R519", "icd-10-cm", "principal"),
    ]  # fmt: skip
    assert table(claims, "pointers", "claim_id", "claim_line_number", "diagnosis_position") == [
        ("100", 1, 3), ("100", 2, 1), ("101", 1, 1),
    ]  # fmt: skip
    # The indicator N denies its line; 0, the claim as a whole, which no indicator A undoes.
    assert table(claims, "line_outcomes", "claim_id", "hcpcs_code", "initial_outcome", "paid_amount") == [
        ("100", "99213", "paid", 60.0), ("100", "95810", "denied", 0.0), ("101", "01967", "denied", 0.0),
    ]  # fmt: skip
    assert table(claims, "adjudications", "claim_id", "paid_date", "claim_status_code", "paid_amount",
                 "patient_responsibility_amount", "payer_claim_id") == [
        ("100", "2015-06-05", None, 60.0, 20.0, "K1"),
        ("101", "2016-01-08", "4", 0.0, 0.0, "K2"),
    ]  # fmt: skip
    assert table(claims, "adjustments", "claim_id", "claim_line_number", "group_code", "carc", "amount") == [
        ("100", 1, "PR", "1", 5.0), ("100", 1, "PR", "2", 15.0),
    ]  # fmt: skip
    assert table(claims, "attributes", "claim_id", "claim_line_number", "name", "value")[0] == (
        "100", 1, "provider_specialty", "08",
    )  # fmt: skip
    assert balanced(claims)


def test_charges_that_lines_lack_are_reported(tmp_path: Path) -> None:
    claims = read(tmp_path, CARRIER.replace("LINE_SBMTD_CHRG_AMT", "OWN_AMT_OF_OURS"))
    assert table(claims, "lines", "charge_amount")[:2] == [(80.0,), (0.0,)]
    words = "lines without a submitted charge: their charge_amount is the allowed charge: 2 claims"
    assert words in claims.rejects.reason.tolist() and balanced(claims)
    both = CARRIER.replace("LINE_SBMTD_CHRG_AMT", "OWN_AMT_OF_OURS").replace(
        "LINE_ALOWD_CHRG_AMT", "OWN_ALOWD_AMT"
    )
    (tmp_path / "b").mkdir()
    words = "no line has a charge, nor an allowed one: charges of lines are not known: 1 claims"
    assert words in read(tmp_path / "b", both).rejects.reason.tolist()


def test_outpatient_totals_reasons_and_kinds_of_diagnoses(tmp_path: Path) -> None:
    claims = read(tmp_path, OUTPATIENT)
    assert table(
        claims, "claims", "bill_type_code", "frequency_code", "discharge_status_code", "charge_amount"
    ) == [("131", "1", "01", 500.0)]
    assert table(claims, "lines", "claim_line_number", "revenue_center_code", "charge_amount") == [
        (1, "0450", 200.0), (2, "0301", 300.0),
    ]  # fmt: skip
    assert table(claims, "diagnoses", "diagnosis_position", "diagnosis_code", "diagnosis_kind") == [
        (1, "S72001A", "principal"), (2, "M25551", "reason for visit"), (3, "W19XXXA", "external cause"),
    ]  # fmt: skip
    # Deductible and coinsurance of the claim are those of its lines, and count once.
    assert table(claims, "adjustments", "claim_line_number", "group_code", "carc", "amount") == [
        (1, "PR", "1", 10.0), (1, "PR", "2", 20.0), (1, "CO", "45", None), (2, "CO", "50", 300.0), (2, "CO", "45", None),
    ]  # fmt: skip
    assert table(claims, "line_outcomes", "claim_line_number", "initial_outcome", "denied_amount", "denial_carc") == [
        (1, "paid", 0.0, None), (2, "denied", 300.0, "50"),
    ]  # fmt: skip
    assert ("", "rows of revenue center 0001 are totals of claims, no lines: 1") in said(claims, "noted")
    rows = claims.accounting().query("table_name == 'file rows'")
    assert rows[["read", "loaded", "left_out"]].values.tolist() == [[3, 2, 1]]
    assert balanced(claims)


def test_inpatient_payment_stands_for_the_claim(tmp_path: Path) -> None:
    claims = read(tmp_path, INPATIENT)
    assert table(claims, "adjudications", "claim_id", "paid_amount", "claim_status_code") == [
        ("300", 900.0, None), ("301", 0.0, "4"),
    ]  # fmt: skip
    assert table(claims, "line_payments", "claim_id") == []
    assert table(claims, "line_outcomes", "claim_id", "paid_amount", "initial_outcome") == [
        ("300", 675.0, "paid"), ("300", 225.0, "paid"), ("301", 0.0, "denied"),
    ]  # fmt: skip
    assert table(claims, "claims", "claim_id", "drg_code") == [("300", "065"), ("301", "065")]
    assert table(claims, "diagnoses", "claim_id", "diagnosis_code", "diagnosis_code_type", "diagnosis_kind",
                 "present_on_admission_code") == [
        ("300", "486", "icd-9-cm", "principal", "Y"), ("300", "4280", "icd-9-cm", "other", "N"),
        ("300", "486", "icd-9-cm", "admitting", None),
        ("301", "J189", "icd-10-cm", "principal", None), ("301", "J189", "icd-10-cm", "admitting", None),
    ]  # fmt: skip
    assert table(claims, "procedures", "procedure_code", "procedure_code_type", "procedure_date") == [
        ("3995", "icd-9-pcs", "2015-09-02"), ("3995", "icd-9-pcs", "2015-09-05"),
    ]  # fmt: skip
    assert balanced(claims)


def test_a_procedure_on_revenue_0001_is_a_line(tmp_path: Path) -> None:
    claims = read(
        tmp_path, INPATIENT.replace("| 3            | 0001     |          |", "| 3 | 0001 | 99221 |")
    )
    assert table(claims, "lines", "revenue_center_code", "hcpcs_code")[2] == ("0001", "99221")


def test_base_and_line_files_are_the_file_that_has_both(tmp_path: Path) -> None:
    rows = [[cell.strip() for cell in line.split("|")] for line in CARRIER.strip().splitlines()]
    both = pd.DataFrame(rows[1:], columns=rows[0])
    split = [*both.columns].index("LINE_NUM")
    base = both.iloc[:, :split].drop_duplicates("CLM_ID")
    lines = both[["BENE_ID", "CLM_ID", "CLM_THRU_DT", *both.columns[split:]]]
    apart = cx.read_rif(base, lines, progress=False)
    assert_same(apart, cx.read_rif(both, progress=False), but=("data_source",))
    assert balanced(apart)


def test_lds_by_its_short_names(tmp_path: Path) -> None:
    """Claims of LDS are numbered anew in each file: the same number of another person is another claim."""
    claims = read(
        tmp_path,
        """
        DSYSRTKY | CLAIMNO | CLM_TYPE | FROM_DT  | THRU_DT  | PMT_AMT | SBMTCHRG | PMTDNLCD | PRNCPAL_DGNS_CD | ICD_DGNS_CD1
        9        | 1       | 71       | 20220105 | 20220105 | 40.00   | 60.00    | 1        | E119            | E119
        """,
        """
        DSYSRTKY | CLAIMNO | LINE_NUM | EXPNSDT1 | HCPCS_CD | MDFR_CD1 | LINEPMT | LSBMTCHG | LALOWCHG | PRCNGIND | LINE_ICD_DGNS_CD | HCFASPCL
        9        | 1       | 1        | 20220105 | 99213    | 25       | 40.00   | 60.00    | 50.00    | A        | E119             | 11
        """,
        """
        DSYSRTKY | CLAIMNO | CLM_TYPE | FROM_DT  | THRU_DT  | PMT_AMT | TOT_CHRG | FAC_TYPE | TYPESRVC | FREQ_CD | PRNCPAL_DGNS_CD | NOPAY_CD
        5        | 1       | 40       | 20220301 | 20220301 | 12.00   | 30.00    | 1        | 3        | 1       | J069            |
        """,
    )
    assert table(claims, "claims", "claim_id", "source_claim_id", "person_id", "claim_type", "bill_type_code") == [
        ("1", None, "5", "institutional", "131"), ("1#2", "1", "9", "professional", None),
    ]  # fmt: skip
    assert table(claims, "lines", "claim_id", "hcpcs_code", "hcpcs_modifier_1", "charge_amount") == [
        ("1#2", "99213", "25", 60.0)
    ]
    assert table(claims, "adjudications", "claim_id", "paid_amount") == [("1", 12.0), ("1#2", 40.0)]


def test_bad_and_repeated_lines_are_rejected(tmp_path: Path) -> None:
    lines = CARRIER.strip().splitlines()
    bad = "\n".join([*lines, lines[1], lines[3].replace("20160102    | 20160102", "42371       | 20160102"),
                     lines[3].replace("| 101 ", "|     ")])  # fmt: skip
    claims = read(tmp_path, bad)
    assert said(claims, "rejected") == [
        ("line 6", "CLM_FROM_DT: not a date: 42371"), ("line 7", "no number of a claim"),
        ("line 5", "another row has the same claim and line"),
    ]  # fmt: skip
    assert_same(claims, read(tmp_path, CARRIER), but=("data_source",))
    assert balanced(claims)


def test_the_order_of_rows_does_not_matter(tmp_path: Path) -> None:
    first, *rows = CARRIER.strip().splitlines()
    assert_same(read(tmp_path, "\n".join([first, *rows[::-1]])), read(tmp_path, CARRIER))


def test_rows_of_an_action_that_another_replaced_are_left_out(tmp_path: Path) -> None:
    text = """
        BENE_ID | CLM_ID | CLM_GRP_ID | FINAL_ACTION | NCH_CLM_TYPE_CD | CLM_FROM_DT | CLM_PMT_AMT | LINE_NUM | HCPCS_CD | LINE_NCH_PMT_AMT | LINE_SBMTD_CHRG_AMT | LINE_PRCSG_IND_CD
        7       | 100    | 5          | N            | 71              | 20210105    | 0           | 1        | 99213    | 0                | 80                  | N
        7       | 101    | 5          | F            | 71              | 20210105    | 60          | 1        | 99213    | 60               | 80                  | A
    """
    claims = read(tmp_path, text)
    assert table(claims, "line_outcomes", "claim_id", "initial_outcome") == [("101", "paid")]
    assert ("", "claims that a later action has replaced were left out: 1") in said(claims, "noted")
    assert balanced(claims)


def test_a_row_that_deletes_another_is_rejected(tmp_path: Path) -> None:
    text = """
        DML_IND | BENE_ID | CLM_ID | NCH_CLM_TYPE_CD | CLM_FROM_DT | CLM_PMT_AMT | LINE_NUM | HCPCS_CD | LINE_SBMTD_CHRG_AMT
        INSERT  | 7       | 100    | 71              | 20210105    | 60          | 1        | 99213    | 80
        DELETE  | 7       | 101    | 71              | 20210105    | 60          | 1        | 99213    | 80
    """
    claims = read(tmp_path, text)
    assert said(claims, "rejected") == [("line 3", "DML_IND is DELETE: it takes an earlier row back")]
    assert table(claims, "claims", "claim_id") == [("100",)]
    assert balanced(claims)


def test_a_cancellation_without_its_claim_is_rejected(tmp_path: Path) -> None:
    text = """
        BENE_ID | CLM_ID | NCH_CLM_TYPE_CD | CARR_CLM_ENTRY_CD | CARR_CLM_CNTL_NUM | CLM_FROM_DT | CLM_PMT_AMT | LINE_NUM | HCPCS_CD | LINE_NCH_PMT_AMT | LINE_SBMTD_CHRG_AMT | LINE_PRCSG_IND_CD
        7       | 100    | 71              | 1                 | K1                | 20210105    | 60          | 1        | 99213    | 60               | 80                  | A
        7       | 101    | 71              | 3                 | K9                | 20210105    | 60          | 1        | 99213    | 60               | 80                  | A
    """
    claims = read(tmp_path, text)
    assert said(claims, "rejected") == [("line 3", "cancels a claim that no file has")]
    assert claims.rejects[claims.rejects.action == "rejected"].amount.tolist() == [80]
    assert table(claims, "claims", "claim_id") == [("100",)]
    assert balanced(claims)


def test_beneficiaries_by_month(tmp_path: Path) -> None:
    months = [f"MDCR_ENTLMT_BUYIN_IND_{n:02d}" for n in range(1, 13)]
    plans, duals = [f"HMO_IND_{n:02d}" for n in range(1, 13)], [f"DUAL_STUS_CD_{n:02d}" for n in range(1, 13)]
    contracts, shares = (
        [f"PTD_CNTRCT_ID_{n:02d}" for n in range(1, 13)],
        [f"CST_SHR_GRP_CD_{n:02d}" for n in range(1, 13)],
    )
    head = {"BENE_ID": "7", "BENE_ENROLLMT_REF_YR": "2022", "BENE_BIRTH_DT": "01FEB1950", "BENE_DEATH_DT": "",
            "SEX_IDENT_CD": "2", "STATE_CODE": "33", "ENTLMT_RSN_ORIG": "1", "ESRD_IND": "Y",
            "BENE_SMI_CVRAGE_TOT_MONS": "12"}  # fmt: skip
    row = head | dict(zip(months, ["1", "1", *["3"] * 8, "C", "0"], strict=True))
    row |= dict(zip(plans, [*["0"] * 9, "1", "C", "4"], strict=True))
    row |= dict(zip(duals, ["NA", "02", "02", *["08"] * 8, "00"], strict=True))
    row |= dict(zip(contracts, ["N", "0", *["S1234"] * 8, "H9999", "N"], strict=True))
    row |= dict(zip(shares, ["09", *["03"] * 4, *["10"] * 7], strict=True))
    claims = cx.read_rif(pd.DataFrame([row]), progress=False)
    assert table(claims, "members", "person_id", "year", "birth_date", "sex", "state", "dual_status_code", "esrd",
                 "original_reason_entitlement_code", "enrolled_months", "part_b_months", "part_d_months",
                 "medicare_advantage_months", "low_income_months") == [
        ("7", 2022, "1950-02-01", "female", "NY", "08", True, "1", 11, 9, 9, 2, 4)
    ]  # fmt: skip


def test_drug_events(tmp_path: Path) -> None:
    text = """
        PDE_ID | BENE_ID | SRVC_DT   | PD_DT     | SRVC_PRVDR_ID_QLFYR_CD | SRVC_PRVDR_ID | PRSCRBR_ID_QLFYR_CD | PRSCRBR_ID | PROD_SRVC_ID | QTY_DSPNSD_NUM | DAYS_SUPLY_NUM | ADJSTMT_DLTN_CD | PTNT_PAY_AMT | TOT_RX_CST_AMT
        1      | 7       | 02JAN2021 | 20JAN2021 | 01                     | 1093999990    | 01                  | 1093999991 | 00002143380  | 2.5            | 28             |                 | 10.00        | 450.00
        2      | 7       | 02FEB2021 | 20FEB2021 | 07                     | 5555555       | 01                  | 1093999991 | 2143380      | 2.5            | 28             |                 | 10.00        | 450.00
        3      | 7       | 02MAR2021 | 20MAR2021 | 01                     | 1093999990    | 01                  | 1093999991 | 00002143380  | 2.5            | 28             |                 | 10.00        | 450.00
        3      | 7       | 02MAR2021 | 25MAR2021 | 01                     | 1093999990    | 01                  | 1093999991 | 00002143380  | 2.5            | 28             | D               | 10.00        | 450.00
        4      | 7       | 02MAR2021 | 25MAR2021 | 01                     | 1093999990    | 01                  | 1093999991 | 00002143380  | 2.5            | a month        |                 | 10.00        | 450.00
    """
    claims = read(tmp_path, text)
    assert table(claims, "drugs", "fill_id", "person_id", "fill_date", "ndc_code", "days_supply", "prescribing_npi",
                 "dispensing_npi", "charge_amount", "patient_responsibility_amount") == [
        ("1", "7", "2021-01-02", "00002143380", 28, "1093999991", "1093999990", 450.0, 10.0),
        ("2", "7", "2021-02-02", "00002143380", 28, "1093999991", None, 450.0, 10.0),
    ]  # fmt: skip
    assert said(claims, "rejected") == [("line 6", "DAYS_SUPLY_NUM: not a whole number: a month")]
    assert ("", "fills that were deleted or adjusted later were left out: 2 events") in said(claims, "noted")
    assert balanced(claims)


def test_what_is_none_of_them_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="neither RIF nor CCLF"):
        cx.read_rif(pd.DataFrame({"Claim #": ["1"], "CPT": ["99213"]}))
    with pytest.raises(InputError, match="no file was given"):
        cx.read_rif()
    extract = (
        "CLM_DT_SGNTR_SK | CLM_NUM_SK | GEO_BENE_SK | CLM_TYPE_CD | CLM_NRLN_RIC_CD\n 1 | 1 | 1 | 40 | V"
    )
    with pytest.raises(InputError, match="Integrated Data Repository"):
        cx.read(write(tmp_path, "documents.txt", extract), progress=False)
