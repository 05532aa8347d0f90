"""Flat exports: what each row became, and what was said about it."""

from __future__ import annotations

import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

import cpticd as cx
from cpticd.core.errors import CpticdError, InputError, SchemaError
from cpticd.core.schema import TABLES
from cpticd.loaders.flat import lexicon
from tests.amount import first
from tests.loaders.flat_text import assert_same, balanced, read, said, table

FLAT = """
    Claim # | Line | Patient ID | Payor | DOS        | CPT   | Mod   | POS | Dx1   | Dx2 | Dx Pointer | Billed Amt | Allowed | Paid Amt | Paid Date  | Adj Reason 1 | Adj Amt 1 | Adj Reason 2 | Adj Amt 2 | RARC 1
    A1      | 1    | P1         | Acme  | 01/05/2024 | 99213 | 25,59 | 11  | E11.9 | I10 | A,B        | 100.00     | 80      | 60       | 02/01/2024 | CO-45        | 20        | PR-2         | 20        |
    A1      | 2    | P1         | Acme  | 01/05/2024 | 36415 |       | 11  | E11.9 | I10 | B          | 50.00      | 0       | 0        | 02/01/2024 | CO-97        | 50        |              |           | N115
    A1      | 2    | P1         | Acme  | 01/05/2024 | 36415 |       | 11  | E11.9 | I10 | B          | 50.00      | 40      | 40       | 03/15/2024 | CO-45        | 10        |              |           |
    A2      | 1    | P2         | Best  | 01/09/2024 | 80053 |       | 81  | I10   |     | A          | 30.00      |         |          |            |              |           |              |           |
"""


def test_rows_become_claims_lines_and_adjudications(tmp_path: Path) -> None:
    claims = read(tmp_path, FLAT)
    assert table(claims, "claims", "claim_id", "person_id", "payer", "claim_type", "claim_start_date", "charge_amount") == [
        ("A1", "P1", "Acme", "professional", "2024-01-05", 150.0),
        ("A2", "P2", "Best", "professional", "2024-01-09", 30.0),
    ]  # fmt: skip
    assert table(claims, "lines", "claim_id", "claim_line_number", "hcpcs_code", "hcpcs_modifier_1", "hcpcs_modifier_2",
                 "place_of_service_code", "charge_amount") == [
        ("A1", 1, "99213", "25", "59", "11", 100.0),
        ("A1", 2, "36415", None, None, "11", 50.0),
        ("A2", 1, "80053", None, None, "81", 30.0),
    ]  # fmt: skip
    assert table(claims, "diagnoses", "claim_id", "diagnosis_position", "diagnosis_code", "diagnosis_code_type") == [
        ("A1", 1, "E119", "icd-10-cm"),
        ("A1", 2, "I10", "icd-10-cm"),
        ("A2", 1, "I10", "icd-10-cm"),
    ]  # fmt: skip
    pointers = table(
        claims, "pointers", "claim_id", "claim_line_number", "pointer_position", "diagnosis_position"
    )
    assert pointers == [("A1", 1, 1, 1), ("A1", 1, 2, 2), ("A1", 2, 1, 2), ("A2", 1, 1, 1)]
    assert table(claims, "adjudications", "claim_id", "adjudication_number", "paid_date", "paid_amount") == [
        ("A1", 1, "2024-02-01", 60.0),
        ("A1", 2, "2024-03-15", 40.0),
    ]  # fmt: skip
    assert table(claims, "adjustments", "adjudication_number", "claim_line_number", "group_code", "carc", "amount") == [
        (1, 1, "CO", "45", 20.0), (1, 1, "PR", "2", 20.0), (1, 2, "CO", "97", 50.0), (2, 2, "CO", "45", 10.0),
    ]  # fmt: skip
    assert table(claims, "remarks", "claim_line_number", "rarc") == [(2, "N115")]
    outcomes = table(
        claims, "line_outcomes", "claim_id", "claim_line_number", "initial_outcome", "final_outcome"
    )
    assert outcomes == [
        ("A1", 1, "paid", "paid"), ("A1", 2, "denied", "paid"), ("A2", 1, "not adjudicated", "not adjudicated"),
    ]  # fmt: skip
    assert balanced(claims) and not said(claims, "rejected")


REPAIRS = """
    claim_id   | line | dos      | cpt      | pos  | rev | dx1    | dx2    | charge   | npi
    1001.0     | 1    | 45321    | 100      | 1    | 450 | 4019.0 | e11.9  | 1,200.00 | 1234567893.0
    1001       | 2    | 20240131 | 99213.0  | 11.0 | 300 |        |        | (5.00)   |
    1002       | 1.0  | 1/5/24   | 99213-25 | 11   |     | I10    |        | $7       |
    1002       | 2    | 5-Jan-24 | j1100    | 11   |     | I10    |        | 7.00-    |
"""


def test_what_spreadsheets_did_is_mended_and_reported(tmp_path: Path) -> None:
    claims = read(tmp_path, REPAIRS)
    assert table(claims, "lines", "claim_id", "claim_line_number", "claim_line_start_date", "hcpcs_code",
                 "hcpcs_modifier_1", "place_of_service_code", "revenue_center_code", "charge_amount",
                 "rendering_npi") == [
        ("1001", 1, "2024-01-30", "00100", None, "01", "0450", 1200.0, "1234567893"),
        ("1001", 2, "2024-01-31", "99213", None, "11", "0300", -5.0, None),
        ("1002", 1, "2024-01-05", "99213", "25", "11", None, 7.0, None),
        ("1002", 2, "2024-01-05", "J1100", None, "11", None, -7.0, None),
    ]  # fmt: skip
    assert table(claims, "diagnoses", "diagnosis_code", "diagnosis_code_type")[:2] == [
        ("4019", "icd-9-cm"), ("E119", "icd-10-cm"),
    ]  # fmt: skip
    assert {*said(claims, "repaired")} == {
        ("line 2", "claim_id: a number's .0 was dropped"),
        ("line 2", "claim_line_start_date: a spreadsheet's day number was read as a date"),
        ("line 2", "hcpcs_code: leading zeros were put back"),
        ("line 2", "place_of_service_code: leading zeros were put back"),
        ("line 2", "revenue_center_code: leading zeros were put back"),
        ("line 3", "revenue_center_code: leading zeros were put back"),
        ("line 2", "diagnosis_code_1: a number's .0 was dropped"),
        ("line 2", "charge_amount: a thousands separator was dropped"),
        ("line 2", "rendering_npi: a number's .0 was dropped"),
        ("line 3", "hcpcs_code: a number's .0 was dropped"),
        ("line 3", "place_of_service_code: a number's .0 was dropped"),
        ("line 3", "charge_amount: parentheses or a trailing minus were read as a negative amount"),
        ("line 5", "charge_amount: parentheses or a trailing minus were read as a negative amount"),
        ("line 4", "hcpcs_code: a modifier was taken off the procedure code"),
    }
    assert not said(claims, "rejected") and balanced(claims)


BAD = """
    claim_id | line | dos        | cpt      | dx1   | charge
    1        | 1    | 2024-02-30 | 99213    | I10   | 10
    2        | 1    | 2024-02-03 | 99213    | I10   | ten
             | 1    | 2024-02-03 | 99213    | I10   | 10
    3        | x    | 2024-02-03 | 99213    | I10   | 10
    4        | 1    | 2024-02-03 | 1.00E+05 | I10   | 10
    1.23E+15 | 1    | 2024-02-03 | 99213    | I10   | 10
    5        | 1    | 2024-02-03 | 99213
    6        | 1    | 2024-02-03 | 99213    | I10   | 1,2,3
    7        | 1    | 31/31/2023 | 99213    | I10   | 10
    8        | 1    | 2024-02-03 | 99213    | 1E10  | 10
    8        | 1    | 2024-02-03 | 99213    | 1E10  | 10
    8        | 1    | 2024-02-03 | 99214    | 1E10  | 10
    9        | 1    | 0000-00-00 | =1+1     | XYZ   | 10
"""


def test_bad_rows_are_rejected_with_place_and_reason(tmp_path: Path) -> None:
    claims = read(tmp_path, BAD)
    lost = "in scientific notation"
    found = sorted(said(claims, "rejected"), key=lambda each: int(each[0].split()[1]))
    assert [(place, reason.split(";")[0][:60]) for place, reason in found] == [
        ("line 2", "claim_line_start_date: not a date: 2024-02-30"),
        ("line 3", "charge_amount: not an amount: ten"),
        ("line 4", "no claim id"),
        ("line 5", "claim_line_number: not a whole number: x"),
        ("line 6", f"hcpcs_code: {lost}: the code cannot be known"),
        ("line 7", f"claim_id: {lost}: a spreadsheet has lost its digits"[:60]),
        ("line 8", "4 cells, but the header has 6"),
        ("line 9", "charge_amount: not an amount: 1,2,3"),
        ("line 10", "claim_line_start_date: not a date: 31/31/2023"),
        ("line 12", "the whole row repeats line 11"),
        ("line 13", "claim and line number stand twice, and no payment makes it a"),
    ]
    assert [(r[0], r[2]) for r in table(claims, "lines", "claim_id", "claim_line_number", "hcpcs_code")] == [
        ("8", "99213"), ("9", None),  # a formula is no procedure code
    ]  # fmt: skip
    # 1E10 has been through a spreadsheet, and XYZ is no code of any kind
    for place in ("line 11", "line 14"):
        assert (place, "diagnosis_code_1: not the shape of an ICD diagnosis code: left out") in said(
            claims, "repaired"
        )
    assert not table(claims, "diagnoses", "diagnosis_code")
    rows = claims.accounting().set_index("table_name").loc["file rows"]
    assert (rows.read, rows.loaded, rows.rejected) == (13, 2, 11)
    assert claims.rejects.query("location == 'line 2'").amount.item() == 10


def test_a_pointer_in_a_column_of_its_own_is_one_number(tmp_path: Path) -> None:
    assert lexicon.pointers("12", alone=False) == [12]
    claims = read(
        tmp_path,
        """
        claim | dx1 | dx2 | dx_ptr_1 | dx_ptr_2 | dx_ptr_3 | cpt   | charge
        1     | I10 | E11 | 2        | A        |          | 99213 | 1
        1     | I10 | E11 | 12       |          | A        | 99214 | 1
        1     | I10 | E11 | A        | A        | ?        | 99215 | 1
        """,
    )
    pointers = table(claims, "pointers", "claim_line_number", "pointer_position", "diagnosis_position")
    assert pointers == [(1, 1, 2), (1, 2, 1), (2, 1, 12), (2, 2, 1), (3, 1, 1)]
    assert ("line 4", "diagnosis pointer not understood: the line was loaded without it") in said(
        claims, "noted"
    )


def test_amounts_that_are_not_given_follow_from_the_balance(tmp_path: Path) -> None:
    claims = read(
        tmp_path,
        """
        claim | line | charge | allowed | paid | patient resp | group 1 | carc 1 | group 2 | carc 2 | status
        1     | 1    | 100    | 70      | 50   | 20           | CO      | 45     | PR      | 2      | Paid
        1     | 2    | 40     |         | 0    |              | CO      | 97     |         |        | Denied
        2     | 1    | 60     |         |      |              |         |        |         |        | Denied
        3     | 1    | 60     |         |      |              |         |        |         |        | Pending
        """,
    )
    found = table(claims, "adjustments", "claim_id", "claim_line_number", "group_code", "carc", "amount")
    assert found == [("1", 1, "CO", "45", 30.0), ("1", 1, "PR", "2", 20.0), ("1", 2, "CO", "97", 40.0),
                     ("2", 1, None, None, 60.0)]  # fmt: skip
    codes = table(claims, "adjudications", "claim_id", "claim_status_code")
    assert codes == [("1", "1"), ("2", "4")]
    outcomes = table(
        claims, "line_outcomes", "claim_id", "claim_line_number", "initial_outcome", "denied_amount"
    )
    assert outcomes == [("1", 1, "paid", 0.0), ("1", 2, "denied", 40.0), ("2", 1, "denied", 60.0),
                        ("3", 1, "not adjudicated", None)]  # fmt: skip


def test_a_reversal_goes_before_its_correction(tmp_path: Path) -> None:
    claims = read(
        tmp_path,
        """
        claim | line | cpt   | charge | paid | paid date
        1     | 1    | 99214 | 50     | 20   | 2024-03-01
        1     | 1    | 99213 | -100   | -60  | 2024-03-01
        1     | 1    | 99213 | 100    | 60   | 2024-02-01
        """,
    )
    assert table(claims, "adjudications", "adjudication_number", "paid_date", "claim_status_code", "paid_amount") == [
        (1, "2024-02-01", None, 60.0), (2, "2024-03-01", "22", -60.0), (3, "2024-03-01", None, 20.0),
    ]  # fmt: skip
    assert table(claims, "lines", "hcpcs_code", "charge_amount") == [("99213", 100.0)]
    assert table(claims, "line_payments", "adjudication_number", "hcpcs_code") == [
        (1, "99213"), (2, "99213"), (3, "99214"),
    ]  # fmt: skip


def test_lines_without_numbers(tmp_path: Path) -> None:
    """Equal services of one day are lines of their own; the same service paid on two days is one line."""
    claims = read(
        tmp_path,
        """
        claim | cpt   | charge | paid | paid date
        1     | 97110 | 30     | 20   | 2024-02-01
        1     | 97110 | 30     | 20   | 2024-02-01
        1     | 99213 | 90     | 0    | 2024-02-01
        1     | 99213 | 90     | 60   | 2024-03-01
        """,
    )
    assert table(claims, "lines", "claim_line_number", "hcpcs_code") == [
        (1, "97110"),
        (2, "97110"),
        (3, "99213"),
    ]
    payments = table(claims, "line_payments", "adjudication_number", "claim_line_number", "paid_amount")
    assert payments == [(1, 1, 20.0), (1, 2, 20.0), (1, 3, 0.0), (2, 3, 60.0)]


def test_rows_that_list_their_own_diagnoses_point_to_them(tmp_path: Path) -> None:
    claims = read(
        tmp_path,
        """
        claim | line | cpt   | diagnosis    | charge
        1     | 1    | 99213 | E11.9; I10   | 3
        1     | 2    | 36415 | M54.5        | 1
        2     | 1    | 99213 | I10          | 1
        """,
    )
    pairs = table(claims, "pairs", "claim_id", "claim_line_number", "diagnosis_code", "share", "level")
    assert sorted(pairs) == [("1", 1, "E119", 0.5, "line"), ("1", 1, "I10", 0.5, "line"),
                             ("1", 2, "M545", 1.0, "line"), ("2", 1, "I10", 1.0, "line")]  # fmt: skip


def test_persons_by_year(tmp_path: Path) -> None:
    claims = read(
        tmp_path,
        "claim | patient | dos | dob | sex\n 7 | a | 2024-05-01 | 3/4/41 | Female\n 8 | a | 2025-01-01 | 3/4/41 | F",
    )
    found = table(claims, "members", "person_id", "year", "birth_date", "sex")
    assert found == [("a", 2024, "1941-03-04", "female"), ("a", 2025, "1941-03-04", "female")]


def test_a_claim_number_of_two_persons_is_two_claims(tmp_path: Path) -> None:
    claims = read(tmp_path, "claim | line | patient | charge\n 7 | 1 | a | 1\n 7 | 1 | b | 2")
    found = table(claims, "claims", "claim_id", "source_claim_id", "person_id", "charge_amount")
    assert found == [("7/a", "7", "a", 1.0), ("7/b", "7", "b", 2.0)]


def test_the_guess_is_shown_and_can_be_overridden(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.csv"
    path.write_text('Fall,"""; drop table",CPT,Procedure Code,amount\n1,x,99213,99214,5\n')
    with pytest.raises(SchemaError, match=r"no column that names the claim; found \['Fall', .*rename="):
        cx.read_wide(path)
    claims = cx.read_wide(path, rename={"fall": "claim_id", "amount": "charge_amount"}, progress=False)
    shown = capsys.readouterr().out
    assert "Fall            claim_id" in shown and "'CPT' was taken for hcpcs_code" in shown
    assert '"; drop table   - not used' in shown
    assert table(claims, "lines", "hcpcs_code", "charge_amount") == [("99213", 5.0)]
    rejects = claims.rejects
    assert rejects[rejects.location == 'column "; drop table'].reason.item().startswith("column not used")
    for rename, message in (
        ({"nix": "claim_id"}, "no column .'nix'.*found"),
        ({"Fall": "claim"}, "no column 'claim' in the flat form"),
        ({"Fall": "claim_id", "CPT": "claim_id"}, "two columns are called 'claim_id'"),
    ):
        with pytest.raises(SchemaError, match=message):
            cx.read_wide(path, rename=rename, quiet=True)


def test_frames_arrow_and_parquet_are_read_alike(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "claim_id": pd.array([11, 12, None], "Int64"),
            "dos": pd.to_datetime(["2024-01-05", "2024-01-06", None]),
            "cpt": pd.Categorical(["99213", "36415", "1"]),
            "pos": [11.0, None, None],
            "charge": [Decimal("1.10"), 0.1 + 0.2, float("nan")],
            "dx1": ["E11.9", None, "I10"],
        },
        index=[7, 7, 9],
    )
    claims = cx.read_wide(frame, quiet=True, progress=False)
    assert table(claims, "lines", "claim_id", "claim_line_start_date", "hcpcs_code", "place_of_service_code",
                 "charge_amount") == [("11", "2024-01-05", "99213", "11", 1.1), ("12", "2024-01-06", "36415", None, 0.3)]  # fmt: skip
    assert said(claims, "rejected") == [("row 3", "no claim id")]
    frame["charge"] = frame["charge"].astype(float)
    path = tmp_path / "a.parquet"
    frame.to_parquet(path)
    assert_same(cx.read_wide(path, quiet=True, progress=False), claims, but=("data_source",))
    arrow = pa.Table.from_pandas(frame, preserve_index=False)
    assert_same(cx.read_wide(arrow, quiet=True, progress=False), claims, but=("data_source",))
    with pytest.raises(InputError, match="expected a DataFrame"):
        cx.read_wide(3)  # type: ignore[arg-type]


row = st.fixed_dictionaries(
    {
        "claim_id": st.sampled_from(["1", "2", "3", "4", "5", "6"]),
        "person": st.sampled_from(["p", "q"]),
        "payer": st.sampled_from(["A", "B", None]),
        "dos": st.sampled_from(["2024-01-05", "1/6/2024", "bad"]),
        "cpt": st.sampled_from(["99213", "100", None]),
        "dx1": st.sampled_from(["I10", "E11.9", None]),
        "dx2": st.sampled_from(["M54.5", None]),
        "ptr": st.sampled_from(["A", "AB", "B", "?", None]),
        "charge": st.sampled_from(["10", "-10", "7.50", "x"]),
        "paid": st.sampled_from(["0", "5", None]),
        "paid date": st.sampled_from(["2024-02-01", "2024-03-01", None]),
        "adj 1": st.sampled_from(["CO-45", "CO-97:3", "PR-1", None]),
        "status": st.sampled_from(["Denied", "Paid", "Pending", None]),
    }
)


@pytest.mark.thorough
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(row, min_size=8, max_size=24), st.booleans(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter_and_nothing_is_lost(
    rows: list[dict[str, Any]], numbered: bool, random: Any
) -> None:
    frame = pd.DataFrame(rows, dtype="str")
    if numbered:
        frame["line"] = [str(1 + i % 3) for i in range(len(frame))]
    try:
        claims = cx.read_wide(frame, quiet=True, progress=False)
    except InputError:  # not one row could be loaded
        reject()
    order = list(frame.index)
    random.shuffle(order)
    other = cx.read_wide(frame.loc[order], quiet=True, progress=False)
    assert_same(claims, other)
    assert balanced(claims)
    assert claims.accounting().set_index("table_name").loc["file rows"].read == len(frame)
    lines = "pairs JOIN lines USING (claim_id, claim_line_number)"
    paired = claims.query(f"SELECT coalesce(sum(share * charge_amount), 0) AS x FROM {lines}").x.item()
    assert abs(paired - claims.table("lines").charge_amount.sum()) < 0.005


@pytest.mark.thorough
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=st.lists(row, min_size=1, max_size=8))
def test_saved_claims_read_back_the_same(
    rows: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    try:
        claims = cx.read_wide(pd.DataFrame(rows, dtype="str"), quiet=True, progress=False)
    except InputError:  # not one row could be loaded
        return
    folder = claims.save(tmp_path_factory.mktemp("saved") / "claims")
    assert_same(cx.open(folder), claims)
    tables = {p.stem: p for p in folder.glob("*.parquet") if p.stem in TABLES}
    assert_same(cx.read_tables(**tables, progress=False), claims)


@pytest.mark.parametrize("seed", first(3, range(8)))
def test_a_damaged_file_is_read_or_refused_and_always_accounted(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    content = bytearray(
        "\n".join(",".join(c.strip() for c in line.split("|")) for line in BAD.splitlines()), "utf-8"
    )
    for _ in range(draw.randint(1, 6)):
        place = draw.randrange(len(content))
        match draw.randrange(3):
            case 0:
                content[place] = draw.choice(b'",\n\r\x00\xff;|19 (')
            case 1:
                content[place:place] = bytes(draw.choices(b'",\n\r\xff;|\t9A=', k=draw.randint(1, 5)))
            case _:
                del content[place : place + draw.randint(1, 30)]
    try:
        claims = read(tmp_path, bytes(content))
    except CpticdError:
        return
    assert balanced(claims)


def test_cells_that_protect_themselves_from_a_spreadsheet(tmp_path: Path) -> None:
    claims = read(tmp_path, b'claim_id,cpt,pos,charge,payer\n"=""007""",\'00100,"=""11""",5,\'t Hooft\n')
    assert table(claims, "claims", "claim_id", "payer") == [("007", "'t Hooft")]
    assert table(claims, "lines", "hcpcs_code", "place_of_service_code") == [("00100", "11")]
    assert said(claims, "repaired") == [
        ("", 'cells written as ="…" or with an apostrophe were read as their text: 3')
    ]
