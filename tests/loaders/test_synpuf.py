"""DE-SynPUF: the same claims from the official layout and the long form, outcomes from the indicator."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cpticd as cx
from cpticd.core.errors import ArgumentError, InputError, SchemaError
from tests.amount import first
from tests.loaders.flat_text import assert_same, balanced, said, table
from tests.spec import frame

#: Denials among the line processing indicators (ResDAC, LINE_PRCSG_IND_CD).
DENIED = [*"BCDILMNOPZ"]
LONG = """
    DESYNPUF_ID | CLM_ID | CLM_FROM_DT | CLM_THRU_DT | ICD9_DGNS_CD_1 | ICD9_DGNS_CD_2 | HCPCS_CD | LINE_ICD9_DGNS_CD | LINE_PRCSG_IND_CD | LINE_NCH_PMT_AMT | LINE_ALOWD_CHRG_AMT | LINE_COINSRNC_AMT | LINE_BENE_PTB_DDCTBL_AMT | LINE_BENE_PRMRY_PYR_PD_AMT | PRF_PHYSN_NPI | LINE_NUM
    P1          | 10     | 20080105    | 20080106    | 4019           | V700           | 99213    | V700              | A                 | 60.00            | 80.00               | 16.00             | 4.00                     | 0.00                       | 0123456789    | 1
    P1          | 10     | 20080105    | 20080106    | 4019           | V700           | 36415    | 25000             | O                 | 0.00             | 0.00                | 0.00              | 0.00                     | 0.00                       | 0123456789    | 2
    P2          | 11     | 2008-02-01  | 2008-02-01  | 7242           |                | 97110    |                   | S                 | 0.00             | 30.00               | 0.00              | 0.00                     | 30.00                      |               | 1
"""


def wide(long: pd.DataFrame, slots: int = 13) -> pd.DataFrame:
    """The official layout of long rows: the lines of a claim side by side, empty slots with zero amounts."""
    head = [c for c in long.columns if c.startswith(("DESYNPUF", "CLM_", "ICD9_"))]
    line = [c for c in long.columns if c not in head and c != "LINE_NUM"]
    rows = []
    for _, lines in long.groupby("CLM_ID", sort=False):
        row = {c: lines.iloc[0][c] for c in head}
        for slot in range(1, slots + 1):
            found = lines[lines.LINE_NUM.astype(int) == slot]
            for c in line:
                row[f"{c}_{slot}"] = found.iloc[0][c] if len(found) else "0.00" if c.endswith("AMT") else None
        rows.append(row)
    return pd.DataFrame(rows)


def test_lines_outcomes_and_shares() -> None:
    claims = cx.read_synpuf(carrier=frame(LONG), progress=False)
    assert table(claims, "lines", "claim_id", "claim_line_number", "hcpcs_code", "charge_amount",
                 "processing_indicator_code", "rendering_npi") == [
        ("10", 1, "99213", 80.0, "A", "0123456789"), ("10", 2, "36415", 0.0, "O", "0123456789"),
        ("11", 1, "97110", 30.0, "S", None),
    ]  # fmt: skip
    assert table(claims, "diagnoses", "claim_id", "diagnosis_position", "diagnosis_code", "diagnosis_code_type") == [
        ("10", 1, "4019", "icd-9-cm"), ("10", 2, "V700", "icd-9-cm"), ("10", 3, "25000", "icd-9-cm"),
        ("11", 1, "7242", "icd-9-cm"),
    ]  # fmt: skip
    pointers = table(
        claims, "pointers", "claim_id", "claim_line_number", "pointer_position", "diagnosis_position"
    )
    assert pointers == [("10", 1, 1, 2), ("10", 2, 1, 3)]
    assert table(claims, "adjustments", "claim_id", "claim_line_number", "group_code", "carc", "amount") == [
        ("10", 1, "PR", "1", 4.0), ("10", 1, "PR", "2", 16.0), ("11", 1, "OA", "23", 30.0),
    ]  # fmt: skip
    assert table(claims, "line_outcomes", "claim_id", "initial_outcome", "allowed_amount", "paid_amount") == [
        ("10", "paid", 80.0, 60.0), ("10", "denied", 0.0, 0.0), ("11", "paid", 30.0, 0.0),
    ]  # fmt: skip
    assert any("no submitted charge" in reason for _, reason in said(claims, "noted"))
    assert balanced(claims)


def test_the_official_layout_gives_the_same() -> None:
    long = frame(LONG)
    assert_same(
        cx.read_synpuf(carrier=wide(long), progress=False), cx.read_synpuf(carrier=long, progress=False)
    )


def test_bad_and_repeated_rows_are_rejected() -> None:
    long = frame(LONG)
    bad = pd.concat([long, long.iloc[:1], long.iloc[2:].assign(CLM_ID="12", CLM_FROM_DT="20081301")])
    claims = cx.read_synpuf(carrier=bad, progress=False)
    assert said(claims, "rejected") == [
        ("row 5", "CLM_FROM_DT: not a date: 20081301"), ("row 4", "claim and line stand twice in the file"),
    ]  # fmt: skip
    assert_same(claims, cx.read_synpuf(carrier=long, progress=False))
    assert balanced(claims)


@pytest.mark.parametrize(
    "unrelated", first(1, [{"SP_STATE_CODE": "1"}, {}, {"SP_STATE_CODE": "2"}, {"DESYNPUF_ID": "P0"}])
)
@pytest.mark.parametrize("form", first(1, ["long", "wide", "inpatient"]))
def test_of_contradictory_rows_the_one_that_sorts_first_is_kept(form: str, unrelated: dict[str, str]) -> None:
    head = {"CLM_ID": "7", "CLM_FROM_DT": "20080105", "CLM_THRU_DT": "20080105", "ICD9_DGNS_CD_1": "4019"}
    last = {"long": {"LINE_NUM": "1"}, "wide": {}, "inpatient": {"SEGMENT": "1", "CLM_ADMSN_DT": "20080105"}}[
        form
    ]
    code = "HCPCS_CD" if form == "long" else "HCPCS_CD_1"
    rows = [{"DESYNPUF_ID": "P1"} | head | unrelated | {code: hcpcs} | last for hcpcs in ("99214", "99213")]
    for order in (rows, rows[::-1]):
        given = {"inpatient" if form == "inpatient" else "carrier": pd.DataFrame(order, dtype="str")}
        claims = cx.read_synpuf(**given, progress=False)
        assert table(claims, "lines", "hcpcs_code") == [("99213",)]
        [(_, reason)] = said(claims, "rejected")
        assert reason.endswith(f"stand twice in the file: {code}: kept 99213, rejected 99214")
        assert balanced(claims)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="at least one of"):
        cx.read_synpuf()
    with pytest.raises(SchemaError, match="no column DESYNPUF_ID"):
        cx.read_synpuf(carrier=pd.DataFrame({"CLM_ID": ["1"], "x": [2]}))
    with pytest.raises(SchemaError, match="neither HCPCS_CD nor HCPCS_CD_1"):
        cx.read_synpuf(carrier=frame(LONG)[["DESYNPUF_ID", "CLM_ID", "CLM_FROM_DT", "CLM_THRU_DT"]])
    with pytest.raises(InputError, match="which year"):
        cx.read_synpuf(beneficiary=frame("DESYNPUF_ID | BENE_BIRTH_DT\n P1 | 19350701"))


def test_beneficiaries(tmp_path: Path) -> None:
    text = "DESYNPUF_ID,BENE_BIRTH_DT,BENE_DEATH_DT,BENE_SEX_IDENT_CD,BENE_ESRD_IND,SP_STATE_CODE,BENE_SMI_CVRAGE_TOT_MONS\n"
    path = tmp_path / "DE1_0_2009_Beneficiary_Summary_File_Sample_1.csv"
    path.write_text(text + "P1,19350701,,2,Y,01,12\nP2,19400230,20090801,1,0,54,7\n")
    claims = cx.read_synpuf(beneficiary=path, progress=False)
    members = table(
        claims, "members", "person_id", "year", "birth_date", "sex", "state", "esrd", "part_b_months"
    )
    assert members == [("P1", 2009, "1935-07-01", "female", "AL", True, 12)]
    assert said(claims, "rejected") == [("line 3", "birth_date: not a date: 19400230")]


def test_drug_events(tmp_path: Path) -> None:
    text = (
        "DESYNPUF_ID,PDE_ID,SRVC_DT,PROD_SRVC_ID,QTY_DSPNSD_NUM,DAYS_SUPLY_NUM,PTNT_PAY_AMT,TOT_RX_CST_AMT\n"
    )
    path = tmp_path / "events.csv"
    path.write_text(
        text + "P1,7,20090115,00677169310,30.000,30,10.00,40.00\nP1,8,20090199,00677169310,30,30,0,0\n"
    )
    for claims in (cx.read_synpuf(pde=path, progress=False), cx.read(path, progress=False)):
        assert table(claims, "drugs", "fill_id", "person_id", "fill_date", "ndc_code", "days_supply", "charge_amount",
                     "patient_responsibility_amount") == [
            ("7", "P1", "2009-01-15", "00677169310", 30, 40.0, 10.0),
        ]  # fmt: skip
        assert said(claims, "rejected") == [("line 3", "SRVC_DT: not a date: 20090199")]
        assert balanced(claims)
    with pytest.raises(SchemaError, match="no column of fill"):
        cx.read_synpuf(pde=pd.DataFrame({"DESYNPUF_ID": ["P1"], "SRVC_DT": ["20090115"]}))


def test_inpatient_segments_are_one_claim() -> None:
    claims = cx.read_synpuf(
        inpatient=frame("""
            DESYNPUF_ID | CLM_ID | SEGMENT | CLM_FROM_DT | CLM_THRU_DT | CLM_ADMSN_DT | CLM_PMT_AMT | NCH_BENE_IP_DDCTBL_AMT | ICD9_DGNS_CD_1 | ICD9_PRCDR_CD_1 | HCPCS_CD_1 | HCPCS_CD_2
            P1          | 9      | 1       | 20080105    | 20080109    | 20080105     | 4000.00     | 1068.00                | 486            | 8154            | 99221      | 36415
            P1          | 9      | 2       | 20080105    | 20080109    | 20080105     | 100.00      | 0.00                   | 4280           |                 | 71010      |
        """),
        progress=False,
    )  # fmt: skip
    assert table(claims, "lines", "claim_line_number", "hcpcs_code") == [
        (1, "99221"),
        (2, "36415"),
        (46, "71010"),
    ]
    assert table(claims, "diagnoses", "diagnosis_code") == [("4280",), ("486",)]
    assert table(claims, "procedures", "procedure_code", "procedure_code_type") == [("8154", "icd-9-pcs")]
    assert table(claims, "adjudications", "paid_amount", "patient_responsibility_amount") == [
        (4100.0, 1068.0)
    ]
    assert table(claims, "claims", "claim_type") == [("institutional",)]


def test_the_public_sample(shared_data: Path, tmp_path: Path) -> None:
    """13,378 lines; about 11.6 % with a denial indicator; pair dollars are line dollars; row order does not matter."""
    folder = shared_data / "desynpuf_2008"
    carrier = folder / "carrier_lines.csv.gz"
    raw = pd.read_csv(carrier, dtype=str, keep_default_na=False)
    claims = cx.read_synpuf(carrier=carrier, progress=False)
    outcomes = claims.table("line_outcomes")
    assert len(outcomes) == len(raw) == 13_378
    assert (outcomes.initial_outcome == "denied").sum() == raw.LINE_PRCSG_IND_CD.isin(DENIED).sum()
    assert abs((outcomes.initial_outcome == "denied").mean() - 0.116) < 0.002
    dollars = claims.query(
        "SELECT (SELECT sum(charge_amount) FROM lines) AS lines, "
        "sum(share * charge_amount) AS pairs FROM pairs JOIN lines USING (claim_id, claim_line_number)"
    )
    assert dollars.lines.item() == pytest.approx(raw.LINE_ALOWD_CHRG_AMT.astype(float).sum(), abs=0.005)
    assert dollars.pairs.item() == pytest.approx(dollars.lines.item(), abs=0.005)
    assert balanced(claims)
    for seed in (1, 2):
        path = tmp_path / f"carrier_lines.{seed}.csv"
        order = np.random.default_rng(seed).permutation(len(raw))
        raw.iloc[order].to_csv(path, index=False)
        other = cx.read_synpuf(carrier=path, progress=False)
        assert_same(other, claims, but=("data_source",))
        columns = ["claim_id", "claim_line_number", "hcpcs_code", "diagnosis_code", "share"]
        pd.testing.assert_frame_equal(
            *(c.table("pairs")[columns].sort_values(columns, ignore_index=True) for c in (claims, other))
        )


def test_every_file_of_the_public_sample(shared_data: Path) -> None:
    folder = shared_data / "desynpuf_2008"
    claims = cx.read(
        folder / "[bcio]*lines.csv.gz", folder / "bene.csv.gz", folder / "*patient.csv.gz", progress=False
    )
    counts = claims.query("SELECT claim_type, count(*) AS n FROM claims GROUP BY 1 ORDER BY 1")
    assert counts.values.tolist() == [["institutional", 117 + 1273], ["professional", 7680]]
    assert len(claims.table("members")) == 494
    assert balanced(claims) and not said(claims, "rejected")
