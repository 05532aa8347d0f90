"""Columns that users bring along: one row of attributes per line and column, and dimensions of the data set."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import cpticd as cx
from cpticd.core.errors import SchemaError
from cpticd.loaders.attributes import attribute_name
from tests.loaders.flat_text import assert_same, balanced, said, table
from tests.spec import frame

FLAT = frame("""
    claim_id | line | payer | dos        | cpt   | charge | paid | paid date  | Plan Type | Clinic # | lab
    1        | 1    | North | 2024-01-05 | 99213 | 10     | 0    | 2024-02-01 | HMO       | 7        |
    1        | 1    | North | 2024-01-05 | 99213 | 10     | 8    | 2024-03-01 | PPO       | 7        | x
    1        | 2    | North | 2024-01-05 | 36415 | 5      |      |            |           | 8        |
    2        | 1    | South | 2024-01-05 | 99213 | 20     |      |            | HMO       |          | y
    2        | 1    | South | 2024-01-05 | 99213 | 20     |      |            | EPO       |          | y
""")
COLUMNS = ("claim_id", "claim_line_number", "name", "value")


@pytest.mark.parametrize(
    ("column", "name"),
    [
        ("Plan Type", "plan_type"),
        ("  Plan-Type (2024) ", "plan_type_2024"),
        ("Clinic #", "clinic"),
        ("2nd Payer", "_2nd_payer"),
        ("a.b/c", "a_b_c"),
    ],
)
def test_names(column: str, name: str) -> None:
    assert attribute_name(column) == name


def test_flat_columns_become_attributes_of_lines(tmp_path: Path) -> None:
    path = tmp_path / "flat.csv"
    FLAT.to_csv(path, index=False)
    claims = cx.read_wide(path, keep=["plan type", "Clinic #"], quiet=True, progress=False)
    assert table(claims, "attributes", *COLUMNS) == [
        ("1", 1, "clinic", "7"), ("1", 1, "plan_type", "HMO"), ("1", 2, "clinic", "8"), ("1", 2, "plan_type", None),
        ("2", 1, "clinic", None), ("2", 1, "plan_type", "EPO"),
    ]  # fmt: skip
    assert ("line 2", "plan_type: rows of one line differ; the first one's was kept: 1 row") in said(
        claims, "noted"
    )
    assert ("line 5", "the whole row repeats line 6") in said(claims, "rejected")
    account = claims.accounting().set_index("table_name")
    assert tuple(account.loc["file rows"][["read", "loaded", "rejected"]]) == (5, 4, 1)
    assert tuple(account.loc["attributes"][["read", "loaded", "rejected"]]) == (6, 6, 0)
    assert account.amount_read["attributes"] != account.amount_read["attributes"]  # no dollars
    assert balanced(claims)
    reasons = dict(claims.rejects.query("location.str.startswith('column ')")[["content", "reason"]].values)
    assert reasons["Plan Type"] == "kept as attribute plan_type"
    assert reasons["lab"] == "column not used: no known meaning"
    assert cx.read(path, keep=["Plan Type"], quiet=True).table("attributes")["name"].unique().tolist() == [
        "plan_type"
    ]


def test_what_is_kept_changes_no_other_table() -> None:
    for rows in (FLAT.iloc[::-1], FLAT.drop(columns="line")):
        without = cx.read_wide(rows, quiet=True, progress=False)
        kept = cx.read_wide(rows, keep="all", quiet=True, progress=False)
        assert set(kept.table("attributes")["name"]) == {"plan_type", "clinic", "lab"}
        for name in without.tables:
            if name != "attributes":
                pd.testing.assert_frame_equal(without.table(name), kept.table(name), obj=name)


def test_attributes_divide_and_choose_lines() -> None:
    claims = cx.read_wide(FLAT, keep=["Plan Type"], quiet=True, progress=False)
    assert "plan_type" in set(claims.dimensions()["name"])
    assert table(claims.where(plan_type="EPO"), "lines", "claim_id", "claim_line_number") == [("2", 1)]


def test_a_column_may_be_read_and_kept() -> None:
    rows = FLAT.rename(columns={"payer": "Health Plan"})
    claims = cx.read_wide(rows, keep=["Health Plan"], quiet=True, progress=False)
    assert table(claims, "claims", "payer") == [("North",), ("South",)]
    assert table(claims, "attributes", "name", "value")[0] == ("health_plan", "North")


@pytest.mark.parametrize(
    ("rename", "keep", "message"),
    [
        ({"lab": "Payer."}, ["Payer."], r"column 'Payer\.' would be called 'payer', which is a column of claims; rename it"),
        ({"lab": "Month"}, ["Month"], r"'month', by which every data set can be divided .*claims\.dimensions\(\)"),
        ({"lab": "hcpcs"}, ["hcpcs"], "by which every data set can be divided or chosen"),
        ({"lab": "plan_type"}, ["Plan Type", "plan_type"], "'Plan Type' and 'plan_type' would both be called 'plan_type'"),
        ({"lab": "##"}, ["##"], "has no letter or digit"),
        ({}, ["Plan Typ"], r"keep: no column \['Plan Typ'\]; found"),
        ({}, "Plan Type", r"expected a list of columns or 'all', found 'Plan Type': keep=\['Plan Type'\]"),
    ],
)  # fmt: skip
def test_names_that_are_taken_are_refused(rename: dict[str, str], keep: object, message: str) -> None:
    rows = FLAT.rename(columns=rename)
    with pytest.raises(SchemaError, match=message):
        cx.read_wide(rows, keep=keep, quiet=True)  # type: ignore[arg-type]
    if keep != ["hcpcs"]:
        lines = rows[
            [c for c in rows if c not in ("line", "payer", "dos", "cpt", "charge", "paid", "paid date")]
        ]
        with pytest.raises(SchemaError, match=message):
            cx.read_tables(lines=lines.assign(claim_line_number="1"), keep=keep)  # type: ignore[arg-type]


LINES = frame("""
    claim_id | claim_line_number | hcpcs_code | charge_amount | Plan Type | month
    1        | 1                 | 99214      | 10            | PPO       | a
    1        | 1                 | 99213      | 10            | HMO       | a
    1        | 2                 | 36415      | five          | HMO       | a
    2        | 1                 | 99213      | 10            |           | a
""")
CLAIMS = frame("claim_id | payer | Clinic\n1 | North | east\n2 | South | west")


def test_extra_columns_of_tables_become_attributes_of_their_rows() -> None:
    """Those of rows that are rejected go with them: the 99214 and the line without an amount."""
    for lines in (LINES, LINES.iloc[::-1]):
        claims = cx.read_tables(claims=CLAIMS, lines=lines, progress=False)
        assert table(claims, "lines", "claim_id", "hcpcs_code") == [("1", "99213"), ("2", "99213")]
        assert table(claims, "attributes", *COLUMNS) == [
            ("1", 1, "plan_type", "HMO"), ("1", None, "clinic", "east"), ("2", 1, "plan_type", None),
            ("2", None, "clinic", "west"),
        ]  # fmt: skip
        account = claims.accounting().set_index(["source", "table_name"])
        assert tuple(account.loc[("lines", "lines")][["read", "loaded", "rejected"]]) == (4, 2, 2)
        assert tuple(account.loc[("lines", "attributes")][["read", "loaded", "rejected"]]) == (2, 2, 0)
        assert tuple(account.loc[("claims", "attributes")][["read", "loaded", "rejected"]]) == (2, 2, 0)
        assert balanced(claims)
        noted = [reason for _, reason in said(claims, "noted")]
        assert "columns kept as attributes: plan_type" in noted and "columns not used: month" in noted
        assert any(reason.startswith("not kept: column 'month' would be called 'month'") for reason in noted)


def test_keep_of_tables() -> None:
    lines = LINES.drop(columns="month")
    for keep, names in (
        (None, {"plan_type", "clinic"}),
        (["Clinic"], {"clinic"}),
        ([], set()),
        ("all", None),
    ):
        claims = cx.read_tables(claims=CLAIMS, lines=lines, keep=keep, progress=False)
        assert set(claims.table("attributes")["name"]) == (
            names if names is not None else {"plan_type", "clinic"}
        )
    tuva = frame("""
        claim_id | claim_line_number | hcpcs_code | charge_amount | diagnosis_code_1 | drg_type | rendering_id | facility_id
        1        | 1                 | 99213      | 10            | I10              | 470      | 1            | 1234567893
    """)
    assert len(cx.read_tables(medical_claim=tuva, progress=False).table("attributes")) == 0
    claims = cx.read_tables(medical_claim=tuva, keep=["drg_type"], progress=False)
    assert table(claims, "attributes", *COLUMNS) == [("1", 1, "drg_type", "470")]
    assert table(claims, "claims", "facility_npi") == [("1234567893",)]


def test_attributes_as_a_table_are_saved_and_read_back(tmp_path: Path) -> None:
    given = frame(
        "claim_id | claim_line_number | name | value\n1 | 1 | Plan Type | HMO\n1 | 2 | plan_type | "
    )
    claims = cx.read_tables(claims=CLAIMS[["claim_id", "payer"]], lines=LINES.iloc[1:2, :4], attributes=given)
    assert table(claims, "attributes", *COLUMNS) == [
        ("1", 1, "plan_type", "HMO"),
        ("1", 2, "plan_type", None),
    ]
    account = claims.accounting().set_index("table_name").loc["attributes"]
    assert (account["read"], account.loaded, account.rejected) == (2, 2, 0)
    folder = claims.save(tmp_path / "saved")
    assert_same(cx.open(folder), claims)
    with pytest.raises(SchemaError, match="attributes: column 'payer' would be called 'payer'"):
        cx.read_tables(claims=CLAIMS, attributes=given.assign(name="payer"))


def test_attributes_follow_a_claim_that_gets_another_identifier(tmp_path: Path) -> None:
    FLAT.to_csv(tmp_path / "flat.csv", index=False)
    LINES.drop(columns="month").iloc[1:].to_csv(tmp_path / "lines.csv", index=False)
    claims = cx.read(
        tmp_path / "flat.csv", tmp_path / "lines.csv", keep=["Plan Type"], quiet=True, progress=False
    )
    assert table(claims, "attributes", *COLUMNS) == [
        ("1", 1, "plan_type", "HMO"), ("1#2", 1, "plan_type", "HMO"), ("1#2", 2, "plan_type", None),
        ("2", 1, "plan_type", None), ("2#2", 1, "plan_type", "EPO"),
    ]  # fmt: skip
    assert balanced(claims)
