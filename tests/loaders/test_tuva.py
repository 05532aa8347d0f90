"""Tuva's input layer: coverage into persons and years, fills, claims; from Parquet, DuckDB files, CSV and frames."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import duckdb
import pandas as pd
import pytest

import cpticd as cx
from cpticd.claims import Claims
from cpticd.core.errors import CpticdError, InputError, SchemaError
from tests.amount import first
from tests.loaders.flat_text import assert_same, balanced, said, table
from tests.spec import frame, shown

MEDICAL = """
    claim_id | claim_line_number | claim_type   | person_id | payer | claim_start_date | claim_line_start_date | claim_line_end_date | hcpcs_code | ms_drg_code | paid_date  | paid_amount | allowed_amount | charge_amount | diagnosis_code_1
    A1       | 1                 | professional | P1        | Acme  | 2024-05-01       | 2024-05-01            | 2024-05-01          | 99213      |             | 2024-06-01 | 0           | 0              | 80.50         | E11.9
    A1       | 2                 | professional | P1        | Acme  | 2024-05-01       | 2024-05-01            | 2024-05-01          | 36415      |             | 2024-06-01 | 12          | 15             | 20            | E11.9
    A2       | 1                 | professional | P2        | Bond  | 2025-02-01       | 2025-02-01            | 2025-02-03          | 99214      |             | 2025-02-21 | 60          | 70             | 110           | I10
"""
SPANS = """
    person_id | gender | birth_date | enrollment_start_date | enrollment_end_date | payer | payer_type | dual_status_code | state
    P1        | female | 1950-01-02 | 2024-01-01            | 2024-03-31          | Acme  | medicare   | 00               | il
    P1        | female | 1950-01-02 | 2024-03-10            | 2024-06-30          | Acme  | medicare   | 02               | IL
    P2        | male   | 1980-07-04 | 2024-11-15            | 2025-01-31          | Bond  | commercial |                  | OH
"""
FILLS = """
    claim_id | claim_line_number | person_id | dispensing_date | ndc_code    | quantity | days_supply | prescribing_provider_npi | paid_date  | allowed_amount | copayment_amount | deductible_amount
    R1       | 1                 | P1        | 2024-02-01      | 00093721401 | 30       | 30          | 1234567893               | 2024-02-02 | 9.50           | 1.25             | 2
    R1       | 2                 | P1        | 2024-02-01      | 93721401    | 60       | 30          | 1234567893               | 2024-02-02 | 4.25           |                  |
"""


def spans(text: str, **options: object) -> Claims:
    return cx.read_tuva({"eligibility": frame(text)}, progress=False, **options)  # type: ignore[arg-type]


def layer() -> dict[str, pd.DataFrame]:
    """The three tables, typed as a warehouse has them."""
    made = {"medical_claim": frame(MEDICAL), "eligibility": frame(SPANS), "pharmacy_claim": frame(FILLS)}
    for each in made.values():
        for name in each:
            if name.endswith("_date"):
                each[name] = pd.to_datetime(each[name])
            elif name.endswith("_amount"):
                each[name] = each[name].astype(float)
    return made


def months(claims: Claims, *more: str) -> list[tuple[object, ...]]:
    return table(claims, "members", "person_id", "year", "enrolled_months", *more)


def test_months_that_spans_cover_count_once_by_year() -> None:
    claims = spans(SPANS)
    assert months(claims, "sex", "birth_date", "state", "dual_status_code") == [
        ("P1", 2024, 6, "female", "1950-01-02", "IL", "02"),
        ("P2", 2024, 2, "male", "1980-07-04", "OH", None),
        ("P2", 2025, 1, "male", "1980-07-04", "OH", None),
    ]
    assert (
        "",
        "dual_status_code: spans of one person and year differ; that of the latest was kept: 1",
    ) in said(claims, "noted")
    counted = claims.accounting().set_index("table_name")
    assert counted.loc["eligibility spans", ["read", "loaded"]].tolist() == [3, 3] and balanced(claims)


def test_the_order_of_spans_does_not_matter() -> None:
    given = frame(SPANS)
    one = cx.read_tuva({"eligibility": given}, progress=False)
    other = cx.read_tuva({"eligibility": given.iloc[::-1]}, progress=False)
    assert_same(one, other)


@pytest.mark.parametrize("end", first(1, ["", "9999-12-31", "2099-12-31"]))
def test_coverage_without_an_end_lasts_as_long_as_something_is_known(end: str) -> None:
    text = f"person_id | enrollment_start_date | enrollment_end_date\nP1 | 2024-11-01 | {end}\nP2 | 2024-01-01 | 2024-02-01"
    assert months(spans(text)) == [("P1", 2024, 1), ("P2", 2024, 2)]
    made = layer()
    claims = cx.read_tuva(
        {"medical_claim": made["medical_claim"], "eligibility": frame(text)}, progress=False
    )
    assert months(claims) == [("P1", 2024, 2), ("P1", 2025, 2), ("P2", 2024, 2)]
    assert any("counted until 2025-02-03" in reason for _, reason in said(claims, "noted"))


def test_coverage_ends_with_death_and_begins_no_earlier_than_claims_do() -> None:
    claims = spans("""
        person_id | enrollment_start_date | enrollment_end_date | death_date
        P1        | 2024-01-01            | 2024-12-31          | 2024-05-20
        P2        | 1900-01-01            | 1990-02-28          |
    """)
    assert months(claims, "death_date") == [("P1", 2024, 5, "2024-05-20"), ("P2", 1990, 2, None)]
    reasons = [reason for _, reason in said(claims, "noted")]
    assert any("after the person's death" in each for each in reasons)
    assert any("begins before 1990-01-01" in each for each in reasons)


def test_what_no_column_says_is_not_known() -> None:
    known = (
        "part_b_months",
        "part_d_months",
        "medicare_advantage_months",
        "hospice_months",
        "esrd",
        "new_enrollee",
    )
    claims = spans(SPANS)
    assert {row[3:] for row in months(claims, *known)} == {(None,) * 6}
    claims = spans("""
        person_id | enrollment_start_date | enrollment_end_date | payer_type         | medicare_status_code | enrollment_status | hospice_flag | x_part_b_months
        P1        | 2024-01-01            | 2024-06-30          | Medicare Advantage | 21                   | New               | 0            |
        P1        | 2024-07-01            | 2024-09-15          | medicare           | 20                   |                   | 1            |
        P2        | 2024-01-01            | 2024-12-31          | commercial         |                      | Continuing        |              | 11
    """)
    assert months(claims, *known) == [
        ("P1", 2024, 9, None, None, 6, 3, True, True),
        ("P2", 2024, 12, 11, None, 0, None, None, False),
    ]


def test_spans_that_cannot_be_dated_are_rejected() -> None:
    claims = spans("""
        person_id | enrollment_start_date | enrollment_end_date
                  | 2024-01-01            | 2024-12-31
        P1        |                       | 2024-12-31
        P1        | 2024-05-01            | 2024-04-30
        P1        | 2024-13-01            | 2024-12-31
        P1        | 2024-01-01            | 2024-01-31
    """)
    assert [place for place, _ in said(claims, "rejected")] == ["row 1", "row 2", "row 3", "row 4"]
    assert months(claims) == [("P1", 2024, 1)] and balanced(claims)


def test_fills_become_drugs() -> None:
    claims = cx.read_tuva({"pharmacy_claim": frame(FILLS)}, progress=False)
    columns = ("fill_id", "fill_date", "ndc_code", "dispensed_quantity", "days_supply", "charge_amount")
    assert table(claims, "drugs", *columns, "patient_responsibility_amount") == [
        ("R1", "2024-02-01", "00093721401", 30.0, 30, 9.5, 3.25),
        ("R1/2", "2024-02-01", "00093721401", 60.0, 30, 4.25, None),
    ]
    assert balanced(claims) and claims.accounting()["amount_read"].tolist() == [13.75, 13.75]


def test_the_kind_of_a_claims_payer_is_that_of_its_coverage() -> None:
    claims = cx.read_tuva(layer(), progress=False)
    assert table(claims, "claims", "claim_id", "payer_kind") == [("A1", "medicare"), ("A2", "commercial")]


def test_other_names_of_persons() -> None:
    """patient_id was the person before member_id stood beside it; without either the member is the person."""
    text = SPANS.replace("person_id", "patient_id").replace("gender", "member_id")
    assert {row[0] for row in months(spans(text))} == {"P1", "P2"}
    assert {row[0] for row in months(spans(SPANS.replace("person_id", "member_id")))} == {"P1", "P2"}
    renamed = spans(SPANS.replace("person_id", "who"), rename={"who": "person_id"})
    assert {row[0] for row in months(renamed)} == {"P1", "P2"}
    claims = cx.read_tuva(
        {"medical_claim": frame(MEDICAL), "eligibility": frame(SPANS.replace("P", "Q"))}, progress=False
    )
    assert any("number persons differently" in reason for _, reason in said(claims, "noted"))


def test_denials_that_a_connector_adds() -> None:
    given = frame(MEDICAL)
    for name, cell in (("x_group_code_1", "CO"), ("x_carc_1", "50"), ("x_adjustment_amount_1", "80.50")):
        given[name] = [cell, None, None]
    claims = cx.read_tuva({"medical_claim": given}, progress=False)
    ledger = claims.query(
        "SELECT claim_id, claim_line_number, decision, denial_carc, denied_amount FROM ledger"
    )
    assert shown(ledger.sort_values(["claim_id", "claim_line_number"])) == [
        ("A1", 1, "denied", "50", 80.5), ("A1", 2, "paid", None, 0.0), ("A2", 1, "paid", None, 0.0)
    ]  # fmt: skip


def stored(
    folder: Path, made: dict[str, pd.DataFrame], schema: str = "input_layer", prefix: str = ""
) -> Path:
    path = folder / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        for name, each in made.items():
            connection.register("incoming", each)
            connection.execute(f"CREATE TABLE {schema}.{prefix}{name} AS SELECT * FROM incoming")
    return path


def test_every_way_to_store_them_reads_alike(tmp_path: Path) -> None:
    made = layer()
    expected = cx.read_tuva(made, progress=False)
    parts = tmp_path / "parts"
    for name, each in made.items():
        for number, part in enumerate((each.iloc[:1], each.iloc[1:])):
            (parts / name).mkdir(parents=True, exist_ok=True)
            part.to_parquet(parts / name / f"part-{number}.parquet")
    csv = tmp_path / "csv"
    csv.mkdir()
    for name, each in made.items():
        each.to_csv(csv / f"{name}.csv", index=False)
    read = {parts: cx.read, csv: cx.read_tuva, stored(tmp_path, made): cx.read}
    for given, reader in read.items():
        found = reader(given, progress=False)  # type: ignore[operator]
        assert_same(expected, found, but=("data_source",))
        assert balanced(found)


def test_partitions_are_columns(tmp_path: Path) -> None:
    for payer, part in layer()["medical_claim"].groupby("payer"):
        (tmp_path / "medical_claim" / f"payer={payer}%20Inc").mkdir(parents=True)
        part.drop(columns="payer").to_parquet(
            tmp_path / "medical_claim" / f"payer={payer}%20Inc" / "0.parquet"
        )
    claims = cx.read_tuva(tmp_path, progress=False)
    assert table(claims, "claims", "claim_id", "payer") == [("A1", "Acme Inc"), ("A2", "Bond Inc")]
    assert {source.split("/")[-1] for source in claims.accounting()["source"]} == {"0.parquet"}
    assert claims.accounting()["source"].nunique() == 2


def test_a_database_is_read_from_the_schema_that_has_the_claims(tmp_path: Path) -> None:
    made = layer()
    path = stored(tmp_path, {"eligibility": made["eligibility"]})
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE SCHEMA mine")
        connection.register("incoming", made["medical_claim"])
        connection.execute("CREATE TABLE mine.input_layer__medical_claim AS SELECT * FROM incoming")
    claims = cx.read_tuva(path, progress=False)
    assert len(claims.table("lines")) == 3 and not len(claims.table("members"))
    assert any(
        "read from schema mine; such tables stand in input_layer too" in r for _, r in said(claims, "noted")
    )
    before = path.read_bytes()
    duckdb.connect(str(path)).close()  # nobody holds it
    assert path.read_bytes() == before


def test_what_is_no_input_layer_is_refused(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "other.duckdb")) as connection:
        connection.execute("CREATE TABLE prices (code VARCHAR)")
    for read in (cx.read_tuva, cx.read):
        with pytest.raises(InputError, match=r"without medical_claim.*main\.prices"):
            read(tmp_path / "other.duckdb", progress=False)  # type: ignore[operator]
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="not a table of Tuva's input layer"):
        cx.read_tuva(tmp_path / "x.csv", progress=False)
    with pytest.raises(SchemaError, match="no table"):
        cx.read_tuva({"claims": frame(MEDICAL)}, progress=False)


def test_a_database_that_is_open_elsewhere(tmp_path: Path) -> None:
    path = stored(tmp_path, layer())
    with duckdb.connect(str(path)), pytest.raises(InputError, match="another connection has it open"):
        cx.read_tuva(path, progress=False)


def test_files_of_a_folder_that_are_no_tables_of_the_input_layer_are_named(tmp_path: Path) -> None:
    frame(SPANS).to_csv(tmp_path / "eligibility.csv", index=False)
    (tmp_path / "notes.txt").write_text("Dear all,\nsee the list\n")
    (tmp_path / "fees.csv").write_text("code,fee\n99213,80\n")
    with pytest.warns(
        UserWarning, match=r"2 files are no tables of Tuva's input layer.*: fees\.csv, notes\.txt"
    ):
        claims = cx.read_tuva(tmp_path, quiet=True, progress=False)
    files = claims.accounting().query("table_name == 'files'")
    assert files[["source", "read", "rejected"]].values.tolist() == [["fees.csv", 1, 1], ["notes.txt", 1, 1]]
    assert "fees.csv: not a table of Tuva's input layer" in " ".join(claims.rejects.reason)


@pytest.mark.parametrize("cut", [20, 400, 3000, 9000])
def test_damaged_files_are_errors_of_the_package(tmp_path: Path, cut: int) -> None:
    made = layer()
    made["medical_claim"].to_parquet(tmp_path / "a.parquet")
    for path in (tmp_path / "a.parquet", stored(tmp_path, made)):
        content = path.read_bytes()
        path.write_bytes(content[:cut] + b"\xff" * 40 + content[cut + 40 :])
        with suppress(CpticdError):
            assert balanced(cx.read_tuva(path, progress=False))
        path.write_bytes(content[:cut])
        with pytest.raises(CpticdError):
            cx.read_tuva(path, progress=False)
