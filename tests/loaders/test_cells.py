"""Cells as people and spreadsheets leave them: one reader, whatever kind of table they stand in."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import cpticd as cx
from cpticd.core.scratch import scratch
from cpticd.loaders import repair
from tests.amount import first
from tests.loaders.flat_text import balanced, read, said, table

#: column: cell → value, what was mended or left out (a word of it); ``-``: no value; ``!``: the row is rejected.
CELLS = """
hcpcs_code: 99213 → 99213
hcpcs_code: j1100 → J1100
hcpcs_code: 99213.0 → 99213, .0
hcpcs_code: 740 → 00740, zeros
hcpcs_code: 0450 → -, left out
hcpcs_code: 99213-25 → 99213, modifier
hcpcs_code: HC:99213:25 → 99213, qualifier
hcpcs_code: 99213/25 → 99213, modifier
hcpcs_code: 99213 - seen at desk → 99213, words
hcpcs_code: Office visit (99213) → 99213, words
hcpcs_code: 99213;36415 → -, several
hcpcs_code: OFFICE → -, left out
hcpcs_code: 992130000 → -, left out
hcpcs_code: 02703DZ → -, left out
hcpcs_code: KAXD1 → KAXD1
hcpcs_code: 1.00E+05 → !
diagnosis_code_1: e11.9 → E119
diagnosis_code_1: 25000.0 → 25000, .0
diagnosis_code_1: ABK:E11.9 → E119, qualifier
diagnosis_code_1: E11.9 - diabetes → E119, words
diagnosis_code_1: E11.9 I10 → E119, several
diagnosis_code_1: diabetes → -, left out
procedure_code_1: 270346 → 0270346, zeros
procedure_code_1: 36.15 → 3615
procedure_code_1: 99213 → -, left out
revenue_center_code: 450.0 → 0450, zeros
revenue_center_code: 0450 - room → 0450, words
revenue_center_code: room → -, left out
place_of_service_code: 1 → 01, zeros
place_of_service_code: Office → 11, word
place_of_service_code: 11 - Office → 11, words
place_of_service_code: North wing → -, left out
drg_code: MS-DRG 64 → 064, zeros
bill_type_code: 0131 → 131
frequency_code: Replacement → 7, word
ndc_code: 0002-7510-01 → 00002751001
unit_of_measure: minutes → MJ, word
rendering_npi: 1234567893.0 → 1234567893, .0
rendering_npi: Reed, Joe → -, left out
payer_sequence: primary → 1
payer_sequence: none known → -, left out
charge_amount: (12.50) → -12.50, negative
charge_amount: 1,234.50- → -1234.50, negative
charge_amount: $ - → 0.00, dash
charge_amount: 1.234,50 → !
charge_amount: 12 50 → !
charge_amount: 1.234 → 1.23, rounded
charge_amount: 5.00 CR → -5.00, negative
service_unit_quantity: 2 units → 2.000, unit
paid_date: 45689 → 2025-02-01, day number
paid_date: 20250201 → 2025-02-01
paid_date: 01312025 → 2025-01-31
paid_date: 1/0/1900 → -, placeholder
paid_date: 30-May-2015 → 2015-05-30
paid_date: 1/31/25 10:30 AM → 2025-01-31
paid_date: 1/31/25 or later → !
paid_date: 2/30/2025 → !
birth_date: 10959 → 1930-01-01, day number
claim_line_number: 001 → 1
claim_line_number: one → !
"""


@pytest.mark.parametrize("line", CELLS.strip().splitlines())
def test_cells(line: str) -> None:
    column, _, rest = line.partition(": ")
    text, _, wanted = rest.partition(" → ")
    value, _, word = wanted.partition(", ")
    cell = repair.of(column)("x")
    with scratch() as connection:
        connection.execute("CREATE OR REPLACE TEMP TABLE t AS SELECT $1 AS x", [text])
        found, bad, plain = connection.execute(
            f"SELECT CAST({cell.value} AS VARCHAR), {cell.bad}, regexp_full_match(x, '{cell.plain}') FROM t"
        ).fetchone()
        tests = {
            what: connection.execute(f"SELECT coalesce({sql}, false) FROM t").fetchone()[0]
            for what, sql in cell.repairs.items()
        }
    mended = [what for what, is_so in tests.items() if is_so]
    assert bad is (value == "!")
    if not bad:
        assert (found or "-") == value
        assert bool(mended) == bool(word) and (not word or any(word in what for what in mended)), mended
    assert not (plain and (mended or bad)), "a plain cell needs no mending"


def test_modifiers_of_a_cell() -> None:
    with scratch() as connection:
        cells = ["25,59", "2559", "25 59", "DISTINCT", "25 - separate visit", "LT"]
        connection.execute("CREATE OR REPLACE TEMP TABLE t AS SELECT unnest($1) AS x", [cells])
        found = connection.execute(f"SELECT {repair.modifiers('x').value} FROM t").fetchall()
        assert [each for (each,) in found] == [["25", "59"], ["25", "59"], ["25", "59"], [], ["25"], ["LT"]]
        codes = ["99213-25-LT", "HC:99213:25", "99213 - IV", "99213,36415", "99213-25 office visit"]
        connection.execute("CREATE OR REPLACE TEMP TABLE t AS SELECT unnest($1) AS x", [codes])
        found = connection.execute(f"SELECT {repair.modifiers_behind('x')} FROM t").fetchall()
        assert [each for (each,) in found] == [["25", "LT"], ["25"], ["IV"], [], ["25"]]


def test_lists_of_diagnoses() -> None:
    cells = [
        "E11.9;I10",
        "E11.9 - DM, unspecified; I10 - HTN",
        "D51.9 Vitamin B12 deficiency",
        "Diabetes (E11.9)",
        "x",
    ]
    with scratch() as connection:
        connection.execute("CREATE OR REPLACE TEMP TABLE t AS SELECT unnest($1) AS x", [cells])
        found = connection.execute(f"SELECT {repair.diagnosis_list('x')} FROM t").fetchall()
    assert [each for (each,) in found] == [["E119", "I10"], ["E119", "I10"], ["D519"], ["E119"], []]


LINES = {
    "claim_id": ["1", "2", "3", "4"],
    "claim_line_number": ["1", "1.0", "1", "1"],
    "hcpcs_code": ["99213-25", "740", "99284.0", "=1+1"],
    "claim_line_start_date": ["45689", "2025-02-01", "20250201", "01-Feb-2025"],
    "place_of_service_code": ["11.0", "1", "23", "North wing"],
    "revenue_center_code": [None, "370", "450.0", None],
    "charge_amount": ["$1,000.00", "(5.00)", "$ -", "7"],
}


def test_canonical_tables_and_flat_files_read_a_cell_alike() -> None:
    columns = ("claim_id", "hcpcs_code", "hcpcs_modifier_1", "claim_line_start_date", "place_of_service_code",
               "revenue_center_code", "charge_amount")  # fmt: skip
    flat = cx.read_wide(pd.DataFrame(LINES), quiet=True, progress=False)
    made = cx.read_tables(lines=pd.DataFrame(LINES), progress=False)
    assert table(flat, "lines", *columns) == table(made, "lines", *columns) == [
        ("1", "99213", "25", "2025-02-01", "11", None, 1000.0),
        ("2", "00740", None, "2025-02-01", "01", "0370", -5.0),
        ("3", "99284", None, "2025-02-01", "23", "0450", 0.0),
        ("4", None, None, "2025-02-01", None, None, 7.0),
    ]  # fmt: skip
    # each kind of mending is one entry, with the first place
    assert ("row 4", "hcpcs_code: not the shape of a procedure code: left out: 1 cell") in said(
        made, "repaired"
    )
    assert balanced(flat) and balanced(made)


def test_floats_of_a_frame_are_codes() -> None:
    lines = pd.DataFrame({"claim_id": [1.0, 2.0], "claim_line_number": [1.0, 1.0], "hcpcs_code": [99213.0, 740.0],
                          "revenue_center_code": [450.0, None]})  # fmt: skip
    claims = cx.read_tables(lines=lines, progress=False)
    assert table(claims, "lines", "claim_id", "hcpcs_code", "revenue_center_code") == [
        ("1", "99213", "0450"), ("2", "00740", None),
    ]  # fmt: skip


def test_rows_of_canonical_tables_that_cannot_be_read_are_rejected_with_their_dollars() -> None:
    lines = pd.DataFrame({"claim_id": ["1", "2", "3"], "claim_line_number": "1", "hcpcs_code": ["1.0E+05", "99213", "99213"],
                          "claim_line_start_date": ["2025-01-01", "soon", "2025-01-03"],
                          "charge_amount": ["(10.00)", "20", "30"]})  # fmt: skip
    claims = cx.read_tables(
        lines=lines,
        diagnoses=pd.DataFrame(
            {"claim_id": "3", "diagnosis_position": ["1", "2"], "diagnosis_code": ["I10", "flu"]}
        ),
        progress=False,
    )
    assert sorted(reason.split(":")[0] for _, reason in said(claims, "rejected")) == [
        "claim_line_start_date", "diagnosis_code", "hcpcs_code",
    ]  # fmt: skip
    assert balanced(claims)
    rows = claims.accounting().set_index("table_name").loc["lines"]
    assert (rows.read, rows.loaded, float(rows.amount_rejected)) == (3, 1, 10.0)


def test_versions_of_icd_in_any_words() -> None:
    claims = cx.read_tables(
        lines=pd.DataFrame({"claim_id": ["1"], "claim_line_number": "1"}),
        diagnoses=pd.DataFrame({"claim_id": "1", "diagnosis_position": list("1234"),
                                "diagnosis_code": ["E11.9", "250.00", "I10", "I11"],
                                "diagnosis_code_type": ["10", "9", "ICD-10-CM", "blue"]}),
        progress=False,
    )  # fmt: skip
    kinds = ["icd-10-cm", "icd-9-cm", "icd-10-cm", None]
    assert table(claims, "diagnoses", "diagnosis_code_type") == [(kind,) for kind in kinds]
    assert any("diagnosis_code_type: not a version of ICD" in reason for _, reason in said(claims, "noted"))


@pytest.mark.parametrize(
    ("dates", "wanted", "word"),
    first(
        3,
        [
            (["03/04/2025", "31/01/2025"], ["2025-04-03", "2025-01-31"], "day first"),
            (["03/04/2025", "01/31/2025"], ["2025-03-04", "2025-01-31"], ""),
            (["03/04/2025", "04/03/2025"], ["2025-03-04", "2025-04-03"], "no date shows"),
            (["31/01/2025", "02/28/2025"], [None, "2025-02-28"], "both orders"),
            (["31.01.2025", "04.03.2025 00:00"], ["2025-01-31", "2025-03-04"], "day first"),
            (["02/30/2025", "31/01/2025"], [None, "2025-01-31"], "day first"),
            (["03/03/2025", "2025-04-03"], ["2025-03-03", "2025-04-03"], ""),
        ],
    ),
)
def test_the_order_of_dates_is_decided_by_the_column(
    dates: list[str], wanted: list[str | None], word: str
) -> None:
    frame = pd.DataFrame(
        {"claim_id": ["1", "2"], "claim_line_number": "1", "cpt": "99213", "charge": "1", "dos": dates}
    )
    ours = frame.rename(
        columns={"cpt": "hcpcs_code", "charge": "charge_amount", "dos": "claim_line_start_date"}
    )
    for claims in (
        cx.read_wide(frame, quiet=True, progress=False),
        cx.read_tables(lines=ours, progress=False),
    ):
        found = dict(table(claims, "lines", "claim_id", "claim_line_start_date"))
        assert [found.get("1"), found.get("2")] == wanted
        reasons = " ".join(claims.rejects.reason)
        assert word in reasons and (word or "first:" not in reasons)
        assert balanced(claims)


def test_dates_that_show_no_order_follow_the_others_of_the_file(tmp_path: Path) -> None:
    claims = read(
        tmp_path,
        """
        claim | dos        | cpt   | charge | paid | paid date
        1     | 03/04/2025 | 99213 | 10     | 5    | 25/04/2025
        2     | 05/04/2025 | 99213 | 10     | 5    | 26/04/2025
        """,
    )
    assert table(claims, "lines", "claim_line_start_date") == [("2025-04-03",), ("2025-04-05",)]
    notes = claims.rejects[claims.rejects.location == "column dos"].reason.item()
    assert "as the other dates of the file are" in notes


def test_dates_of_members_are_read_alike() -> None:
    members = pd.DataFrame({"Member ID": ["P1", "P2"], "Year": "2024", "DOB": ["31/01/1950", "10959"]})
    lines = pd.DataFrame({"claim_id": ["1"], "claim_line_number": "1"})
    claims = cx.read_tables(lines=lines, members=members, progress=False)
    assert table(claims, "members", "birth_date") == [("1950-01-31",), ("1930-01-01",)]
    assert "birth_date: dates were read day first" in " ".join(claims.rejects.reason) and balanced(claims)
