"""Published layouts of claims: their columns and values, by name, and recognised by their columns."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import cpticd as cx
from cpticd import reference
from cpticd.errors import ArgumentError, CpticdError
from cpticd.loaders.flat.headings import is_canonical
from cpticd.loaders.layouts import fitting, layouts
from tests.loaders.flat_text import said, table

CDL = {
    "CDLMC002": "PAYER11", "CDLMC005": "C1", "CDLMC006": "1", "CDLMC024": "20250301", "CDLMC036": "0", "CDLMC037": "E119",
    "CDLMC038": "I10", "CDLMC088": "99213", "CDLMC089": "25", "CDLMC119": "20250131", "CDLMC123": "120.00",
    "CDLMC125": "0.00", "CDLMC157": "04", "CDLMC158": "1", "CDLMC159": "50", "CDLMC161": "M1",
}  # fmt: skip
TAF = {
    "CLM_ID": "C1", "LINE_NUM": "1", "BENE_ID": "B1", "LINE_SRVC_BGN_DT": "2025-01-31", "LINE_PRCDR_CD": "99213",
    "DGNS_CD_1": "E119", "LINE_BILLED_AMT": "90", "LINE_MDCD_PD_AMT": "0", "CLL_STUS_CD": "542",
}  # fmt: skip


def outcome(claims: cx.Claims) -> list[str]:
    return claims.query("SELECT initial_outcome AS o FROM line_outcomes ORDER BY claim_id").o.tolist()


def test_every_column_of_a_layout_means_one_of_the_flat_form() -> None:
    for each in layouts().values():
        assert all(map(is_canonical, each.columns.values())), each.name
        assert each.signs and each.signs <= {*each.columns}
        assert {*each.values} <= {*each.columns}
        assert "claim_id" in each.columns.values() and "hcpcs_code" in each.columns.values()


def test_values_are_of_columns_that_the_layout_has() -> None:
    columns = {(row["layout"], row["column"]) for row in reference.table("layouts").to_pylist()}
    assert {(row["layout"], row["column"]) for row in reference.table("layout_values").to_pylist()} <= columns


def test_the_common_data_layout_is_read_with_its_statuses() -> None:
    paid = CDL | {"CDLMC005": "C2", "CDLMC125": "80.00", "CDLMC157": "01", "CDLMC158": "2", "CDLMC159": "45"}
    claims = cx.read_wide(pd.DataFrame([CDL, paid]), layout="apcd_cdl", quiet=True, progress=False)
    assert outcome(claims) == ["denied", "paid"]
    assert table(claims, "lines", "hcpcs_code", "hcpcs_modifier_1", "charge_amount")[0] == (
        "99213",
        "25",
        120.0,
    )
    assert table(claims, "diagnoses", "diagnosis_code", "diagnosis_code_type")[0] == ("E119", "icd-10-cm")
    assert claims.table("claims")["person_id"].tolist() == ["M1", "M1"]


def test_denied_lines_of_tmsis_are_denied() -> None:
    rows = [TAF, TAF | {"CLM_ID": "C2", "CLL_STUS_CD": "1", "LINE_MDCD_PD_AMT": "70"}]
    claims = cx.read_wide(pd.DataFrame(rows), layout="taf", quiet=True, progress=False)
    assert outcome(claims) == ["denied", "paid"]


def test_amounts_without_a_decimal_point_are_doubted() -> None:
    row = CDL | {"CDLMC123": "12000", "CDLMC125": "0"}
    claims = cx.read_wide(pd.DataFrame([row]), layout="apcd_cdl", quiet=True, progress=False)
    assert any("has a decimal point" in reason for _, reason in said(claims, "noted"))
    claims = cx.read_wide(pd.DataFrame([CDL]), layout="apcd_cdl", quiet=True, progress=False)
    assert not any("has a decimal point" in reason for _, reason in said(claims, "noted"))


def test_rename_goes_before_the_layout() -> None:
    row = CDL | {"MEMBER": "own"}
    claims = cx.read_wide(
        pd.DataFrame([row]), layout="apcd_cdl", rename={"MEMBER": "person_id"}, quiet=True, progress=False
    )
    assert claims.table("claims")["person_id"].tolist() == ["own"]


def test_a_layout_that_fits_is_suggested(tmp_path: Path) -> None:
    path = tmp_path / "cdl.csv"
    pd.DataFrame([CDL]).to_csv(path, index=False)
    with pytest.raises(CpticdError, match=r"APCD Common Data Layout.*layout='apcd_cdl'"):
        cx.read(path, progress=False)
    assert cx.look(path).call.splitlines()[2] == '    layout="apcd_cdl",'
    claims = cx.read_wide(pd.DataFrame([TAF]), quiet=True, progress=False)
    assert any("layout='taf'" in reason for _, reason in said(claims, "noted"))


def test_read_takes_a_layout_too(tmp_path: Path) -> None:
    path = tmp_path / "cdl.csv"
    pd.DataFrame([CDL]).to_csv(path, index=False)
    assert outcome(cx.read(path, layout="apcd_cdl", quiet=True, progress=False)) == ["denied"]


def test_no_layout_fits_an_ordinary_export() -> None:
    assert fitting(["Claim ID", "DOS", "CPT", "Dx1", "Charge"]) is None
    with pytest.raises(ArgumentError, match="no layout 'acpd'; there are apcd_cdl"):
        cx.read_wide(pd.DataFrame([CDL]), layout="acpd", quiet=True, progress=False)
