"""Members under any of the usual headings: one row per person and year, and what could not be read."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from cpticd.core.enrollment import known, members_table
from cpticd.core.errors import InputError, SchemaError
from tests.spec import frame

TEXT = """\
Report of members

Member ID;Plan Year;DOB;Sex;Gender;Dual Status;SNP;Note
P1;2024;02/01/1950;F;x;2;Y;a
P1;2024;1949-01-01;F;x;2;Y;b
P2;two;1950-01-01;M;x;NA;N;c
P3;2024
P4;2024;1950-01-01;2;x;NA;N;d
"""


def test_a_file_with_all_that_goes_wrong(tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    path.write_text(TEXT)
    found = members_table(path)
    columns = ["person_id", "year", "birth_date", "sex", "dual_status_code", "special_needs_plan"]
    assert [[str(cell) for cell in row.values()] for row in found.rows.select(columns).to_pylist()] == [
        ["P1", "2024", "1949-01-01", "female", "02", "True"],
        ["P4", "2024", "1950-01-01", "female", "NA", "False"],
    ]
    told = {(row["location"], row["action"], row["reason"]) for row in found.rejects.to_pylist()}
    same = "another row of members has the same person_id, year: birth_date: kept 1949-01-01, rejected 1950-02-01"
    assert told == {
        ("line 1", "noted", "before the header"),
        ("", "noted", "columns not used: Gender, Note"),
        ("line 6", "rejected", "year: not a whole number: two"),
        ("line 7", "rejected", "2 cells, but the header has 8"),
        ("", "rejected", same),
    }
    [account] = found.accounting.to_pylist()
    assert (account["source"], account["read"], account["loaded"], account["rejected"]) == (
        "members.csv",
        5,
        2,
        3,
    )


def test_frames_arrow_and_files_are_one_table(tmp_path: Path) -> None:
    one = pd.DataFrame(
        {"PERSON_ID": [1.0], "year": [2024], "sex": [2], "birth_date": pd.to_datetime(["1950-01-01"])}
    )
    other = pa.table({"bene_id": ["2"], "Year": ["2025"], "esrd": [True]})
    found = members_table([one, other])
    assert [(row["person_id"], row["year"], row["sex"], row["esrd"]) for row in found.rows.to_pylist()] == [
        ("1", 2024, "female", None), ("2", 2025, None, True),
    ]  # fmt: skip
    assert [row["source"] for row in found.accounting.to_pylist()] == ["members", "members 2"]
    one.to_parquet(tmp_path / "m.parquet")
    assert members_table(tmp_path / "m.parquet").rows.equals(members_table(one).rows)


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 2, 0]])
def test_of_rows_of_one_person_and_year_the_first_is_kept_in_any_order(order: list[int]) -> None:
    rows = frame(
        "person_id | year | sex | state\np | 2024 | male | OH\np | 2024 | female | OH\np | 2024 | | AL"
    )
    found = members_table(rows.iloc[order])
    assert [row["sex"] for row in found.rows.to_pylist()] == ["female"]
    assert {row["reason"].partition(": ")[2] for row in found.rejects.to_pylist()} == {
        "sex: kept female, rejected male", "sex: kept female, rejected nothing; state: kept OH, rejected AL",
    }  # fmt: skip


def test_what_is_no_table_of_members(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match=r"no column 'person_id', 'year'; found \['a'\]; pass rename="):
        members_table(pd.DataFrame({"a": [1]}))
    with pytest.raises(SchemaError, match=r"rename: no column \['born'\] in members"):
        members_table(pd.DataFrame({"a": [1]}), rename={"a": "born"})
    renamed = members_table(pd.DataFrame({"a": [1], "b": [2024]}), rename={"A": "person_id", "b": "year"})
    assert renamed.rows.num_rows == 1
    with pytest.raises(InputError, match="expected a DataFrame"):
        members_table([3])  # type: ignore[list-item]
    with pytest.raises(InputError, match="an empty list"):
        members_table([])
    (tmp_path / "x.parquet").write_bytes(b"PAR1abc")
    with pytest.raises(InputError, match="damaged Parquet"):
        members_table(tmp_path / "x.parquet")
    assert known(["Member ID", "x", "DOB", ""]) == 2
