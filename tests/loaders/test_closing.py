"""The end of loading: one line, an error where nothing was read, and a list of denials alone."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import cpticd as cx
from cpticd.errors import CpticdError
from tests.amount import first
from tests.loaders.flat_text import said

WHOLE = """\
claim_id,patient_id,payer,dos,cpt,dx1,charge,paid,carc
A1,P1,Alder,2025-01-31,99213,I10,100.00,60.00,CO-45
A2,P2,Alder,2025-02-01,99214,I10,200.00,0.00,CO-50
,P3,Alder,2025-02-01,99214,I10,5.00,0.00,CO-50
"""
DENIALS = """\
claim_id,dos,cpt,payer,denial_code
C1,2025-01-31,99213,Alder,CO-50
C2,2025-02-03,71046,Birch,CO-16
"""


def written(folder: Path, text: str, name: str = "lines.csv") -> Path:
    (folder / name).write_text(text)
    return folder / name


@pytest.mark.parametrize("reader", [cx.read_wide, cx.read])
def test_the_last_line_says_what_was_loaded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], reader: object
) -> None:
    reader(written(tmp_path, WHOLE), progress=False)  # type: ignore[operator]
    assert capsys.readouterr().out.splitlines()[-1] == (
        "Loaded 2 of 3 rows, 1 rejected (claims.rejects says why): 2 claims, 2 lines; charged $300.00, paid $60.00, "
        "denied $200.00."
    )


def test_what_no_column_gives_and_what_that_makes_impossible_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cx.read_wide(written(tmp_path, "claim_id,cpt,charge\nA1,99213,80\n"), progress=False)
    last = capsys.readouterr().out.splitlines()[-1]
    assert "charged $80.00, paid unknown, denied $0.00." in last
    for fact in ("payment", "reason", "payer", "person", "date"):
        assert f" No {fact}: " in last
    assert "No charge" not in last and "denials by payer cannot be distinguished" in last


def test_quiet_prints_nothing_and_tables_end_with_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    lines = pd.DataFrame(
        {"claim_id": ["A1"], "claim_line_number": [1], "hcpcs_code": ["99213"], "charge_amount": [80]}
    )
    given = {"claims": pd.DataFrame({"claim_id": ["A1"]}), "lines": lines}
    cx.read_tables(**given, quiet=True, progress=False)
    assert capsys.readouterr().out == ""
    cx.read_tables(**given, progress=False)
    assert capsys.readouterr().out.startswith(
        "Loaded 2 of 2 rows: 1 claim, 1 line; charged $80.00, paid unknown"
    )


def test_files_of_other_kinds_end_with_the_line_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    claim = {"BENE_ID": "1", "CLM_ID": "9", "NCH_CLM_TYPE_CD": "71", "CLM_FROM_DT": "30-May-2024"}
    line = {"LINE_NUM": "1", "HCPCS_CD": "95810", "LINE_SBMTD_CHRG_AMT": "900", "LINE_PRCSG_IND_CD": "N"}
    cx.read_rif(pd.DataFrame([claim | line]), progress=False)
    said_ = capsys.readouterr().out
    assert (
        said_.startswith("Loaded 1 of 1 rows: 1 claim, 1 line; charged $900.00") and "denied $900.00" in said_
    )
    cx.read_rif(pd.DataFrame([claim | line]), quiet=True, progress=False)
    assert capsys.readouterr().out == ""


def test_the_dollars_denied_are_those_of_the_first_decision(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line denied and then paid counts as denied; what contracts and patients take is no denial."""
    text = (
        "claim_id,line,dos,cpt,charge,paid,paid_date,carc,adjustment_amount,group\n"
        "A1,1,2025-01-01,99213,100,0,2025-02-01,197,100,CO\nA1,1,2025-01-01,99213,100,80,2025-03-01,45,20,CO\n"
        "A2,1,2025-01-01,99213,50,40,2025-02-01,2,10,PR\n"
    )
    cx.read_wide(written(tmp_path, text), progress=False)
    assert "charged $150.00, paid $120.00, denied $100.00." in capsys.readouterr().out


@pytest.mark.parametrize("reader", [cx.read_wide, cx.read])
@pytest.mark.parametrize(
    "text",
    ["claim_id,dos,cpt,charge\n,2025-01-01,99213,10\n", "claim_id,dos,cpt,charge\nA1,2025-02-30,99213,10\n"],
    ids=["no claim", "no date"],
)
def test_nothing_loaded_is_an_error_with_the_reason(tmp_path: Path, reader: object, text: str) -> None:
    with pytest.raises(
        CpticdError, match=r"lines\.csv: not one row was loaded: (no claim id|claim_line_start_date)"
    ):
        reader(written(tmp_path, text), quiet=True, progress=False)  # type: ignore[operator]


def test_tables_of_which_nothing_is_loaded_are_an_error() -> None:
    with pytest.raises(CpticdError, match="not one row was loaded"):
        cx.read_tables(
            lines=pd.DataFrame({"claim_id": [None], "claim_line_number": [1]}), quiet=True, progress=False
        )


def test_a_charge_that_no_row_has_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(
        CpticdError, match=r"no row has an amount in what is read as charge_amount: 'Charges'"
    ):
        cx.read_wide(
            written(tmp_path, "claim_id,dos,cpt,Charges\nA1,2025-01-01,99213,\n"), quiet=True, progress=False
        )


def test_a_list_of_denials_refuses_rates_and_answers_causes(tmp_path: Path) -> None:
    claims = cx.read_wide(written(tmp_path, DENIALS), quiet=True, progress=False)
    assert any(reason.startswith("denials alone") for _, reason in said(claims, "noted"))
    assert "cx.denials.causes" in repr(claims) and "cx.denials.rates" not in repr(claims)
    for refused in (
        cx.denials.rates,
        cx.denials.by_pair,
        cx.denials.trend,
        cx.denials.kpis,
        cx.denials.first_pass,
    ):
        with pytest.raises(CpticdError, match="a list of denials alone"):
            refused(claims)
    assert cx.denials.causes(claims)["lines"].sum() == 2
    assert len(cx.denials.open(claims, as_of="2025-03-01")) == 2


def test_it_is_still_one_when_saved_chosen_and_opened(tmp_path: Path) -> None:
    claims = cx.read(written(tmp_path, DENIALS), quiet=True, progress=False)
    claims.save(tmp_path / "saved")
    for again in (cx.open(tmp_path / "saved"), claims.where(payer="Alder")):
        with pytest.raises(CpticdError, match="a list of denials alone"):
            cx.denials.rates(again)


@pytest.mark.parametrize(
    "text",
    first(
        2,
        [
            WHOLE,
            "claim_id,cpt,charge,paid,carc\nA1,99213,10,0,CO-50\n",  # a line denied, in a file that says what is paid
            "claim_id,cpt,charge\nA1,99213,10\n",  # nothing decided
            DENIALS + "C3,2025-02-04,80053,Birch,\n",  # a line without a denial
        ],
    ),
)
def test_other_files_are_none(tmp_path: Path, text: str) -> None:
    claims = cx.read_wide(written(tmp_path, text), quiet=True, progress=False)
    assert cx.denials.rates(claims) is not None


def test_denials_beside_what_was_paid_are_no_list_of_denials(tmp_path: Path) -> None:
    written(tmp_path, DENIALS, "denials.csv")
    written(tmp_path, WHOLE, "paid.csv")
    claims = cx.read(tmp_path, quiet=True, progress=False)
    assert cx.denials.rates(claims)["n"].sum() == 4
