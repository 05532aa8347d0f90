"""Canonical tables and Tuva's medical_claim: what fits is loaded, what does not is said."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

import cpticd as cx
from cpticd.core.errors import ArgumentError, CpticdError, InputError, SchemaError
from tests.loaders.flat_text import assert_same, balanced, said, table
from tests.spec import SPEC, frame

LINES = frame("""
    claim_id | claim_line_number | hcpcs_code | charge_amount | claim_line_start_date | revenue_center_code
    1        | 1                 | 99213      | 100.10        | 2024-01-05            |
    1        | 2                 | 36415      | $1,000.00     | 01/07/2024            |
    2        | 1                 | 0250       | 7             | 20240109              | 0250
""")


def test_claims_are_made_from_lines() -> None:
    claims = cx.read_tables(lines=LINES, progress=False)
    assert table(claims, "claims", "claim_id", "claim_type", "claim_start_date", "claim_end_date", "charge_amount") == [
        ("1", "professional", "2024-01-05", "2024-01-07", 1100.1), ("2", "institutional", "2024-01-09", "2024-01-09", 7.0),
    ]  # fmt: skip
    noted = [reason for _, reason in said(claims, "noted")]
    assert any(reason.startswith("lines of a claim that no row of claims describes") for reason in noted)
    # 01/07/2024, and no other date that could say which number is the month
    assert any(reason.startswith("claim_line_start_date: no date shows whether") for reason in noted)
    assert balanced(claims)


def test_what_hangs_on_nothing_is_rejected_or_made() -> None:
    claims = cx.read_tables(
        lines=LINES,
        diagnoses=frame("claim_id | diagnosis_position | diagnosis_code\n 1 | 1 | e11.9\n 9 | 1 | I10"),
        pointers=frame(
            "claim_id | claim_line_number | pointer_position | diagnosis_position\n"
            "1 | 1 | 1 | 1\n 1 | 7 | 1 | 1\n 9 | 1 | 1 | 1"
        ),
        line_payments=frame(
            "claim_id | adjudication_number | claim_line_number | paid_amount | charge_amount\n"
            "1 | 1 | 1 | 60 | 100.10\n 8 | 1 | 1 | 5 | 6"
        ),
        adjustments=frame(
            "claim_id | adjudication_number | adjustment_position | carc | amount\n 2 | 1 | 1 | 16 | 7"
        ),
        progress=False,
    )
    assert said(claims, "rejected") == [
        ("row 2", "no row of claims or lines has its claim_id"),
        ("row 2", "no row of lines has its claim_id and claim_line_number"),
        ("row 3", "no row of lines has its claim_id and claim_line_number"),
    ]
    assert table(claims, "diagnoses", "claim_id", "diagnosis_code") == [("1", "E119")]
    assert table(claims, "adjudications", "claim_id", "adjudication_number", "paid_amount") == [
        ("1", 1, 60.0), ("2", 1, None), ("8", 1, 5.0),
    ]  # fmt: skip
    noted = [reason for _, reason in said(claims, "noted")]
    assert "rows whose claim_id no row of claims has: loaded: 1" in noted
    assert "rows whose claim_id and claim_line_number no row of lines has: loaded: 1" in noted
    assert balanced(claims)


def test_frames_arrow_csv_and_parquet_give_the_same(tmp_path: Path) -> None:
    typed = pd.DataFrame(
        {
            "Claim ID": pd.Categorical(["1", "1", "2"]),
            "claim-line-number": pd.array([1, 2, 1], "Int64"),
            "HCPCS_CODE": ["99213", "36415", "0250"],
            "charge_amount": [Decimal("100.10"), Decimal(1000), Decimal(7)],
            "claim_line_start_date": pd.to_datetime(["2024-01-05", "2024-01-07", "2024-01-09"]),
            "revenue_center_code": [None, None, "0250"],
        },
        index=["x", "x", "y"],
    )
    wanted = cx.read_tables(lines=LINES, progress=False)
    LINES.to_csv(tmp_path / "lines.csv", index=False)
    LINES.to_csv(tmp_path / "lines.csv.gz", index=False, sep="|")
    typed.to_parquet(tmp_path / "lines.parquet")
    for given in (typed, pa.Table.from_pandas(typed), *sorted(tmp_path.iterdir())):
        assert_same(cx.read_tables(lines=given, progress=False), wanted, but=("data_source",))
    halves = cx.read_tables(lines=[LINES.iloc[:1], LINES.iloc[1:]], progress=False)
    assert_same(halves, wanted, but=("data_source",))
    assert list(halves.accounting().source.unique()) == ["lines", "lines 2"]


def test_saved_tables_read_back_the_same(tmp_path: Path) -> None:
    claims = cx.read_tables(**{name: frame(text) for name, text in SPEC.items()}, progress=False)
    folder = claims.save(tmp_path / "saved")
    again = cx.read_tables(**{name: folder / f"{name}.parquet" for name in SPEC}, progress=False)
    assert_same(again, claims)
    assert table(again, "line_outcomes") == table(claims, "line_outcomes")


def test_columns_that_do_not_fit() -> None:
    other = LINES.rename(columns={"claim_id": "Claim #", "hcpcs_code": '"; drop table'})
    with pytest.raises(
        SchemaError, match=r"no column 'claim_id'; found \['Claim #'.*rename=\{'Claim #': 'claim_id'\}"
    ):
        cx.read_tables(lines=other)
    claims = cx.read_tables(lines=other, rename={"Claim #": "claim_id"}, progress=False)
    assert said(claims, "noted")[0][1] == "columns kept as attributes: drop_table"
    apart = {"lines": {"Claim #": "claim_id", '"; drop table': "hcpcs_code"}}
    assert_same(
        cx.read_tables(lines=other, rename=apart, progress=False), cx.read_tables(lines=LINES, progress=False)
    )
    with pytest.raises(SchemaError, match="two columns mean 'claim_id'"):
        cx.read_tables(lines=LINES.assign(**{"Claim ID": "1"}))
    with pytest.raises(SchemaError, match=r"no table .'line'"):
        cx.read_tables(lines=LINES, rename={"line": {"a": "b"}})
    with pytest.raises(ArgumentError, match="at least one table"):
        cx.read_tables()


def test_cells_that_cannot_be_read_are_rejected_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "lines.csv"
    path.write_text(
        "claim_id,claim_line_number,charge_amount\n1,1,10\n1,zwei,10\n1,3,ten\n,4,1\n1,5\n2,1,=1+1\n"
    )
    claims = cx.read_tables(lines=path, progress=False)
    assert sorted(said(claims, "rejected")) == [
        ("line 3", "claim_line_number: not a whole number: zwei"),
        ("line 4", "charge_amount: not an amount: ten"),
        ("line 5", "claim_id: empty, but required"),
        ("line 6", "2 cells, but the header has 3"),
        ("line 7", "charge_amount: not an amount: =1+1"),
    ]
    assert balanced(claims)


@pytest.mark.parametrize("name", ["empty.csv", "noise.csv", "cut.parquet", "one_line.csv"])
def test_unreadable_files_raise_our_errors(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    content = {
        "empty.csv": b"",
        "noise.csv": bytes(range(256)) * 9,
        "cut.parquet": b"PAR1abc",
        "one_line.csv": b"x" * (9 << 20),
    }
    path.write_bytes(content[name])
    for read in (
        cx.read_wide,
        lambda given: cx.read_tables(lines=given),
        lambda given: cx.read_synpuf(carrier=given),
        cx.read,
    ):
        with pytest.raises(InputError, match=name.split(".", maxsplit=1)[0]):
            read(path)


def test_a_folder_and_a_wrong_delimiter_are_said(tmp_path: Path) -> None:
    (tmp_path / "odd.csv").write_text("claim_id:cpt:charge\n1:99213:5\n")
    with pytest.raises(SchemaError, match="perhaps the delimiter was not recognised"):
        cx.read_wide(tmp_path / "odd.csv")
    for read in (cx.read_wide, lambda given: cx.read_tables(lines=given)):
        with pytest.raises(InputError, match=r"is a folder.*odd\.csv"):
            read(tmp_path)
    with pytest.raises(CpticdError):
        cx.read(tmp_path)


def test_tuva_medical_claim() -> None:
    claims = cx.read_tables(
        medical_claim=frame("""
            claim_id | claim_line_number | claim_type    | person_id | member_id | payer | claim_start_date | bill_type_code | revenue_center_code | hcpcs_code | hcpcs_modifier_1 | rendering_id | charge_amount | allowed_amount | paid_amount | coinsurance_amount | paid_date  | diagnosis_code_type | diagnosis_code_1 | diagnosis_poa_1 | diagnosis_code_25 | procedure_code_type | procedure_code_1 | drg_code
            1        | 1                 | institutional | p         | m         | A     | 2024-01-05       | 111            | 0120                | 99223      | AI               | 1234567893   | 100           | 80             | 60          | 20                 | 2024-02-01 | icd-10-cm           | E119             | Y               | I10               | icd-10-pcs          | 0DTJ4ZZ          | 470
            1        | 2                 | institutional | p         | m         | A     | 2024-01-05       | 111            | 0250                |            |                  |              | 50            | 0              | 0           | 0                  | 2024-02-01 | icd-10-cm           | E119             | Y               | I10               | icd-10-pcs          | 0DTJ4ZZ          | 470
        """),
        progress=False,
    )  # fmt: skip
    assert table(claims, "claims", "claim_type", "person_id", "bill_type_code", "charge_amount") == [
        ("institutional", "p", "111", 150.0)
    ]
    assert table(claims, "lines", "hcpcs_code", "hcpcs_modifier_1", "revenue_center_code", "rendering_npi") == [
        ("99223", "AI", "0120", "1234567893"), (None, None, "0250", None),
    ]  # fmt: skip
    assert table(claims, "diagnoses", "diagnosis_position", "diagnosis_code", "present_on_admission_code") == [
        (1, "E119", "Y"), (25, "I10", None),
    ]  # fmt: skip
    assert table(claims, "procedures", "procedure_code", "procedure_code_type") == [("0DTJ4ZZ", "icd-10-pcs")]
    assert table(claims, "adjustments", "group_code", "carc", "amount") == [("PR", "2", 20.0)]
    assert table(claims, "pairs", "level")[0] == ("claim",)
    assert balanced(claims)
