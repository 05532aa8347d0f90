"""Every way out: what is written reads back as the same ledger; what a form cannot hold is counted."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cpticd as cx
from cpticd import cli
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError, OutputExistsError
from cpticd.core.schema import TABLES
from cpticd.loaders.intake import Intake
from tests.loaders.flat_text import assert_same, balanced
from tests.spec import SPEC, claims_of

#: Columns of the ledger that the flat form holds: no payer ids, and decisions by date rather than by number.
LEDGER = """
    SELECT claim_id, claim_line_number, payer, payer_kind, paid_date, decision, is_cancelled,
        CASE WHEN decision = 'reversed' THEN abs(charge_amount) ELSE charge_amount END AS charge_amount,
        line_charge_amount, allowed_amount, paid_amount, patient_responsibility_amount, denied_amount, denial_group,
        denial_carc, denial_category, rarcs, payer_claim_id
    FROM ledger ORDER BY ALL
"""
SERVICES = """
    SELECT claim_id, claim_line_number, initial_outcome, final_outcome, state, charge_amount, paid_amount, denied_amount,
        denial_carc, final_denial_carc, first_paid_date, last_claim_id
    FROM services ORDER BY ALL
"""
REASONS = [("CO", "45"), ("CO", "50"), ("CO", "16"), ("PR", "1"), ("PR", "2"), ("OA", "23"), ("PI", "97")]


@st.composite
def data_sets(draw: st.DrawFn) -> dict[str, list[dict[str, object]]]:
    """Some claims of a few lines: several payers, denials, partial denials, reversals, replacements, no answer."""
    tables: dict[str, list[dict[str, object]]] = {name: [] for name in TABLES}
    for number in range(draw(st.integers(4, 7))):
        claim_id, payer = f"C{number}", draw(st.sampled_from(["Acme", "=Bond+1", "North"]))
        replaces = number and draw(st.booleans())
        charges = draw(st.lists(st.integers(1, 40).map(lambda n: n * 5), min_size=1, max_size=3))
        claim = {
            "claim_id": claim_id, "claim_type": "professional", "person_id": f"P{number // 2}", "payer": payer,
            "billing_npi": "1234567893", "place_of_service_code": "11", "claim_start_date": "2024-01-05",
            "claim_end_date": "2024-01-05", "received_date": f"2024-01-{10 + number}", "charge_amount": sum(charges),
        }  # fmt: skip
        if replaces:
            claim |= {"frequency_code": "7", "original_payer_claim_id": f"ICN{number - 1}"}
        tables["claims"].append(claim)
        for line, charge in enumerate(charges, start=1):
            tables["lines"].append(
                {
                    "claim_id": claim_id, "claim_line_number": line, "claim_line_start_date": "2024-01-05",
                    "hcpcs_code": draw(st.sampled_from(["99213", "00100", "J1100"])), "charge_amount": charge,
                    "place_of_service_code": "11",
                }
            )  # fmt: skip
            tables["pointers"].append(
                {
                    "claim_id": claim_id,
                    "claim_line_number": line,
                    "pointer_position": 1,
                    "diagnosis_position": 1,
                }
            )
        tables["diagnoses"].append(
            {
                "claim_id": claim_id,
                "diagnosis_position": 1,
                "diagnosis_code": "E119",
                "diagnosis_code_type": "icd-10-cm",
            }
        )
        _decide(draw, tables, claim_id, payer, charges)
    return {name: rows for name, rows in tables.items() if rows}


def _decide(
    draw: st.DrawFn, tables: dict[str, list[dict[str, object]]], claim_id: str, payer: str, charges: list[int]
) -> None:
    """Answers of a claim on days of their own; a reversal takes back the one before it, whole."""
    before: list[tuple[int, str | None, int]] = []
    for adj in range(1, draw(st.integers(0, 3)) + 1):
        reverses = bool(before) and draw(st.booleans())
        kept = {"claim_id": claim_id, "adjudication_number": adj}
        answers = before if reverses else [
            (paid := draw(st.sampled_from([0, charge, charge * 3 // 5])),
             None if paid == charge else draw(st.sampled_from(REASONS)), charge)
            for charge in charges
        ]  # fmt: skip
        sign = -1 if reverses else 1
        for line, (paid, reason, charge) in enumerate(answers, start=1):
            row = kept | {"claim_line_number": line, "service_number": line}
            tables["line_payments"].append(row | {"charge_amount": sign * charge, "paid_amount": sign * paid})
            if reason:
                tables["adjustments"].append(
                    row | {"adjustment_position": 1, "group_code": reason[0], "carc": reason[1],
                           "amount": sign * (charge - paid)}
                )  # fmt: skip
            if reason == ("CO", "16"):
                tables["remarks"].append(row | {"remark_position": 1, "rarc": "N290"})
        tables["adjudications"].append(
            kept | {
                "payer": payer, "paid_date": f"2024-0{adj + 1}-10", "claim_status_code": "22" if reverses else "1",
                "charge_amount": sign * sum(charges), "paid_amount": sign * sum(paid for paid, *_ in answers),
                "payer_claim_id": f"ICN{claim_id[1:]}",
            }
        )  # fmt: skip
        before = [] if reverses else answers


def made(tables: dict[str, list[dict[str, object]]]) -> Claims:
    intake = Intake()
    for name, rows in tables.items():
        intake.add(name, pd.DataFrame(rows), source="made.csv")
    intake.reject(source="made.csv", location="line 9", table_name="lines", reason="no date", content="=1+1")
    return intake.claims()


@settings(
    max_examples=2, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
)
@given(data_sets())
def test_what_holds_all_reads_back_equal(tmp_path_factory: pytest.TempPathFactory, tables: dict) -> None:
    claims, folder = made(tables), tmp_path_factory.mktemp("out")
    for path in (folder / "claims.duckdb", folder / "parquet"):
        report = claims.export(path, quiet=True)
        assert not report["left_out"].any()
        again = cx.open(path)
        assert_same(claims, again)
        for name in ("ledger", "services"):
            pd.testing.assert_frame_equal(claims.table(name), again.table(name))
        pd.testing.assert_frame_equal(claims.accounting(), again.accounting())
        pd.testing.assert_frame_equal(claims.rejects, again.rejects)


@settings(
    max_examples=3, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
)
@given(data_sets())
def test_the_corrected_flat_file_reads_back_as_the_same_ledger(
    tmp_path_factory: pytest.TempPathFactory, tables: dict
) -> None:
    """Also its amounts, reasons and services; what the flat form has no column for is in the report."""
    claims, folder = made(tables), tmp_path_factory.mktemp("out")
    report = claims.export(folder / "lines.csv", quiet=True).set_index("table_name")
    assert not report.loc[["claims", "lines"], "left_out"].any()
    again = cx.read_wide(folder / "lines.csv", quiet=True, progress=False)
    pd.testing.assert_frame_equal(claims.query(LEDGER), again.query(LEDGER))
    pd.testing.assert_frame_equal(claims.query(SERVICES), again.query(SERVICES))
    assert balanced(again)


@settings(
    max_examples=2, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
)
@given(data_sets())
def test_tuva_holds_what_a_line_came_to(tmp_path_factory: pytest.TempPathFactory, tables: dict) -> None:
    """One row per service on its last line: what was charged and paid of it, and whether it is denied."""
    claims, folder = made(tables), tmp_path_factory.mktemp("out")
    claims.export(folder / "tuva", "tuva", quiet=True)
    again = cx.read(folder / "tuva", progress=False, quiet=True)
    standing = """
        SELECT last_claim_id AS claim_id, last_claim_line_number AS claim_line_number, sum(paid_amount) AS paid_amount,
            max(final_outcome = 'denied') AS is_denied
        FROM services WHERE final_outcome <> 'void' AND last_paid_date IS NOT NULL GROUP BY ALL ORDER BY ALL
    """
    read = """
        SELECT claim_id, claim_line_number, sum(paid_amount) AS paid_amount, max(decision = 'denied') AS is_denied
        FROM ledger GROUP BY ALL ORDER BY ALL
    """
    pd.testing.assert_frame_equal(claims.query(standing), again.query(read))
    assert balanced(again)


def test_stories_read_back_from_the_corrected_flat_file(tmp_path: Path) -> None:
    """Second payers, replacements, reversals, appeals; what a claim reports of another payer's decision is left out."""
    claims = cx.simulate(persons=60, seed=3, stories=True).claims
    report = claims.export(tmp_path / "a.csv", quiet=True).set_index("table_name")
    again = cx.read_wide(tmp_path / "a.csv", quiet=True, progress=False)
    held = LEDGER.replace("FROM ledger", "FROM ledger WHERE NOT coalesce(is_reported, false)")
    held = held.replace("rarcs, ", "")  # a line that is sent back has the remarks of its claim too
    pd.testing.assert_frame_equal(claims.query(held), again.query(held))
    pd.testing.assert_frame_equal(claims.query(SERVICES), again.query(SERVICES))
    reported = claims.table("adjudications")["is_reported"].fillna(False).sum()
    assert report.loc["adjudications", "left_out"] == reported > 0


def test_members_and_drugs_go_through_tuva_and_back(tmp_path: Path) -> None:
    claims = claims_of(
        **SPEC,
        members="""
            person_id | year | sex    | birth_date | dual_status_code | enrolled_months | part_b_months | new_enrollee | esrd_status | death_date
            p1        | 2024 | female | 1950-01-01 | 02               | 7               | 6             | true         | dialysis    |
            p1        | 2025 | female | 1950-01-01 | 00               |                 |               | false        |             | 2025-03-04
        """,
        drugs="""
            fill_id | person_id | fill_date  | ndc_code    | dispensed_quantity | days_supply | charge_amount | patient_responsibility_amount
            R1      | p1        | 2024-02-01 | 00093721401 | 30.5               | 30          | 12.50         | 2.50
        """,
    )
    claims.export(tmp_path / "tuva", "tuva", quiet=True)
    again = cx.read_tuva(tmp_path / "tuva", progress=False)
    pd.testing.assert_frame_equal(claims.table("members"), again.table("members"))
    columns = ["data_source"]
    pd.testing.assert_frame_equal(
        claims.table("drugs").drop(columns=columns), again.table("drugs").drop(columns=columns)
    )


def test_a_claims_own_adjustments_and_payment_are_spread_as_the_ledger_spreads_them(tmp_path: Path) -> None:
    claims = claims_of(
        claims="claim_id | payer | charge_amount\nA1 | Acme | 300",
        lines="claim_id | claim_line_number | hcpcs_code | charge_amount\nA1 | 1 | 99213 | 100\nA1 | 2 | 80053 | 200",
        adjudications="claim_id | adjudication_number | payer | paid_date | claim_status_code | charge_amount | paid_amount\nA1 | 1 | Acme | 2024-01-20 | 1 | 300 | 200",
        adjustments="claim_id | adjudication_number | adjustment_position | group_code | carc | amount\nA1 | 1 | 1 | CO | 45 | 100",
    )
    report = claims.export(tmp_path / "a.csv", quiet=True).set_index("table_name")
    assert report.loc["adjustments", ["rows", "written", "amount_left_out"]].tolist() == [1, 1, 0]
    again = cx.read_wide(tmp_path / "a.csv", quiet=True, progress=False)
    pd.testing.assert_frame_equal(claims.query(LEDGER), again.query(LEDGER))
    assert again.table("adjustments")["amount"].tolist() == [33.33, 66.67]


def test_what_a_form_cannot_hold_is_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    claims = claims_of(
        claims="claim_id | payer_id | charge_amount\nA1 | 99 | 10",
        lines="claim_id | claim_line_number | charge_amount\nA1 | 1 | 10",
        diagnoses="claim_id | diagnosis_position | diagnosis_code | diagnosis_kind\nA1 | 1 | I10 | principal\nA1 | 26 | E119 | other",
        payments="payment_id | amount\nX1 | 12.5",
    )
    report = claims.export(tmp_path / "a.csv").set_index("table_name")
    assert report.loc["payments", ["written", "left_out", "amount_left_out"]].tolist() == [0, 1, 12.5]
    assert report.loc["diagnoses", ["rows", "written", "left_out"]].tolist() == [2, 1, 1]
    assert "no column for diagnosis_kind (2)" in report.loc["diagnoses", "note"]
    assert "payer_id (1)" in report.loc["claims", "note"]
    assert "left out: diagnoses 1 of 2; payments 1 of 1" in capsys.readouterr().out


def test_a_selection_is_written_alone(tmp_path: Path) -> None:
    chosen = claims_of(**SPEC).where(payer="North")
    chosen.export(tmp_path / "north.duckdb", quiet=True)
    again = cx.open(tmp_path / "north.duckdb")
    pd.testing.assert_frame_equal(chosen.table("ledger"), again.table("ledger"))
    pd.testing.assert_frame_equal(chosen.table("services"), again.table("services"))


def test_a_duckdb_file_is_for_other_programs_and_beside_other_files(tmp_path: Path) -> None:
    claims = claims_of(**SPEC)
    claims.export(tmp_path / "a.duckdb", quiet=True)
    with duckdb.connect(str(tmp_path / "a.duckdb"), read_only=True) as connection:
        (rows,) = connection.execute("SELECT count(*) FROM model.ledger").fetchone()  # type: ignore[misc]
        assert rows == len(claims.table("ledger"))
    (tmp_path / "more.csv").write_text("Claim #,CPT,Dx1,Charges\nZ1,99213,I10,80\n")
    both = cx.read(tmp_path / "a.duckdb", tmp_path / "more.csv", quiet=True, progress=False)
    assert len(both.table("claims")) == len(claims.table("claims")) + 1 and balanced(both)
    with pytest.raises(ArgumentError, match="engine='duckdb'"):
        cx.open(tmp_path / "a.duckdb", engine="spark")


def test_a_workbook_has_codes_as_text_and_no_formulas(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    claims = made(
        {
            "claims": [{"claim_id": "A1", "payer": "=cmd()", "charge_amount": 10}],
            "lines": [{"claim_id": "A1", "claim_line_number": 1, "hcpcs_code": "00100", "charge_amount": 10}],
        }
    )
    claims.export(tmp_path / "a.xlsx", quiet=True)
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert book.sheetnames == ["lines", "rejects", "accounting"]
    heading, row = ([cell.value for cell in cells] for cells in book["lines"].iter_rows(max_row=2))
    cells = dict(zip(heading, row, strict=True))
    assert (cells["hcpcs_code"], cells["payer"], cells["charge_amount"]) == ("00100", "'=cmd()", 10)
    assert all(cell.data_type != "f" for sheet in book for line in sheet.iter_rows() for cell in line)
    again = cx.read(tmp_path / "a.xlsx", quiet=True, progress=False)
    assert again.table("claims")["payer"].tolist() == ["=cmd()"]
    assert again.table("lines")["hcpcs_code"].tolist() == ["00100"]


def test_rejects_go_back_with_file_and_line(tmp_path: Path) -> None:
    claims = made({"claims": [{"claim_id": "A1"}], "lines": [{"claim_id": "A1", "claim_line_number": 1}]})
    claims.export(tmp_path / "back.csv", "rejects", quiet=True)
    rows = pd.read_csv(tmp_path / "back.csv")
    assert rows.loc[0, ["source", "location", "action", "content"]].tolist() == [
        "made.csv",
        "line 9",
        "rejected",
        "'=1+1",
    ]
    claims.export(tmp_path / "out" / "a.csv", quiet=True)
    assert sorted(each.name for each in (tmp_path / "out").iterdir()) == ["a.csv", "a.rejects.csv"]


def test_nothing_is_replaced_unless_asked(tmp_path: Path) -> None:
    claims = claims_of(**SPEC)
    paths = {"a.csv": None, "a.duckdb": None, "b": "tuva"}
    for name, form in paths.items():
        claims.export(tmp_path / name, form, quiet=True)
        with pytest.raises(OutputExistsError):
            claims.export(tmp_path / name, form, quiet=True)
        claims.export(tmp_path / name, form, overwrite=True, quiet=True)
    (tmp_path / "b" / "mine.txt").write_text("keep me")
    for form in ("tuva", "parquet"):
        with pytest.raises(OutputExistsError):
            claims.export(tmp_path / "b", form, overwrite=True, quiet=True)
    assert (tmp_path / "b" / "mine.txt").read_text() == "keep me"
    for name, form in (("a.txt", None), ("a.csv", "duckdb"), ("a", "csv"), ("a.csv", "sas")):
        with pytest.raises(ArgumentError):
            claims.export(tmp_path / name, form, quiet=True)


def test_convert_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in.csv").write_text(
        "Claim #,CPT,Dx1,Charges,Paid,Paid Date\nA1,99213,I10,80,60,2024-02-01\n"
    )
    command = ["convert", str(tmp_path / "in.csv"), "--to", "tuva", "-o", str(tmp_path / "tuva")]
    assert cli.main(command) == 0
    assert "medical_claim.parquet" in {each.name for each in (tmp_path / "tuva").iterdir()}
    assert str(tmp_path / "tuva") in capsys.readouterr().out
    assert cli.main(command) == 3
    assert cli.main([*command, "--overwrite", "--quiet"]) == 0
    assert cli.main(["convert", str(tmp_path / "no.csv"), "-o", str(tmp_path / "x.csv")]) == 1
    assert cli.main(["convert", str(tmp_path / "in.csv"), "-o", str(tmp_path / "x.sas")]) == 2
