"""The gate and the count: nothing that is read is lost."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpticd.core.conform import conform
from cpticd.core.errors import InputError, SchemaError
from cpticd.loaders.intake import Intake
from tests.spec import frame, shown


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2024-02-29", "2024-02-29"),
        ("20240229", "2024-02-29"),
        ("02/29/2024", "2024-02-29"),
        ("29-Feb-2024", "2024-02-29"),
        ("2024-02-29 00:00:00", "2024-02-29"),
        (" 2024-02-29 ", "2024-02-29"),
        ("20230229", "reject"),
        ("13/13/2024", "reject"),
        ("soon", "reject"),
        ("0001-01-01", "reject"),
        ("", None),
    ],
)
def test_dates(cell: str, expected: str | None) -> None:
    rows, failed, _ = conform("claims", pa.table({"claim_id": ["A"], "claim_start_date": [cell]}))
    if expected == "reject":
        assert failed["reason"].to_pylist() == [f"claim_start_date: not a date: {cell}"]
    else:
        found = rows["claim_start_date"].to_pylist()[0]
        assert (found and found.isoformat()) == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("12.50", "12.50"),
        ("$1,200.00", "1200.00"),
        ("(5.00)", "-5.00"),
        ("5.00-", "-5.00"),
        ("-5", "-5.00"),
        ("1e2", "100.00"),
        ("12,50 x", None),
        ("O", None),
        ("nan", None),
        ("9" * 20, None),
    ],
)
def test_money(cell: str, expected: str | None) -> None:
    rows, failed, amount = conform("claims", pa.table({"claim_id": ["A"], "charge_amount": [cell]}))
    if expected is None:
        assert failed["reason"].to_pylist() == [f"charge_amount: not an amount: {cell[:60]}"]
    else:
        assert rows["charge_amount"].to_pylist() == [Decimal(expected)] == [amount]


def test_typed_columns_and_codes() -> None:
    data = pd.DataFrame(
        {
            "claim_id": [1.0, 2.0],
            "claim_line_number": [1, 2],
            "hcpcs_code": pd.Categorical([" g0008", "99213"]),
            "charge_amount": [10.0, float("nan")],
            "claim_line_start_date": pd.to_datetime(["2024-01-01", None]),
            "service_unit_quantity": [Decimal("1.5"), None],
        },
        index=[7, 8],
    )
    rows, failed, amount = conform("lines", data)
    assert failed.num_rows == 0 and amount == Decimal("10.00")
    columns = ["claim_id", "claim_line_number", "hcpcs_code", "charge_amount", "service_unit_quantity"]
    assert [tuple(row.values()) for row in rows.select(columns).to_pylist()] == [
        ("1", 1, "G0008", Decimal("10.00"), Decimal("1.500")),
        ("2", 2, "99213", None, None),
    ]


def test_columns_are_checked() -> None:
    with pytest.raises(
        SchemaError, match=r"no column 'claim_line_number'; found \['claim_id', 'cpt'\].*rename="
    ):
        conform("lines", pa.table({"claim_id": ["A"], "cpt": ["99213"]}))
    with pytest.raises(SchemaError, match="unknown columns"):
        conform("claims", pa.table({"claim_id": ["A"], '"; drop table claims; --': ["x"]}))
    with pytest.raises(SchemaError, match="stand twice"):
        conform("claims", pa.table([pa.array(["A"]), pa.array(["B"])], names=["claim_id", "claim_id"]))


def test_what_does_not_fit_is_rejected_with_its_place_and_its_dollars() -> None:
    intake = Intake()
    data = frame("""
        claim_id | claim_line_number | charge_amount
        A        | 1                 | 10.00
        A        | two               | 20.00
                 | 3                 | 30.00
        A        | 4                 | forty
    """)
    intake.add("lines", data, source="f.csv", locations=["line 2", "line 3", "line 4", "line 5"])
    claims = intake.claims()
    assert shown(claims.rejects, "location", "reason", "amount") == [
        ("line 3", "claim_line_number: not a whole number: two", 20.0),
        ("line 4", "claim_id: empty, but required", 30.0),
        ("line 5", "charge_amount: not an amount: forty", None),
    ]
    assert shown(
        claims.accounting(), "read", "loaded", "rejected", "amount_read", "amount_loaded", "amount_rejected"
    ) == [(4, 1, 3, 60.0, 10.0, 50.0)]


def test_a_key_that_stands_twice_keeps_the_same_row_in_any_order() -> None:
    first, second = "A | 1 | 10.00", "A | 1 | 20.00"
    kept = []
    for rows in ([first, second], [second, first]):
        intake = Intake()
        intake.add(
            "lines", frame("\n".join(["claim_id | claim_line_number | charge_amount", *rows])), source="f"
        )
        claims = intake.claims()
        kept.append(shown(claims.table("lines"), "charge_amount"))
        assert shown(claims.accounting(), "read", "loaded", "rejected", "amount_rejected") == [
            (2, 1, 1, 20.0)
        ]
        assert shown(claims.rejects, "reason") == [
            (
                "another row of lines has the same claim_id, claim_line_number: "
                "charge_amount: kept 10.00, rejected 20.00",
            )
        ]
    assert kept == [[(10.0,)], [(10.0,)]]


@pytest.mark.parametrize(
    ("table", "rows", "unrelated", "kept", "reason"),
    [
        (
            "members",
            ["person_id | year | birth_date", "p | 2024 | 1960-01-01", "p | 2024 | 1950-01-01"],
            ["sex", "male", "male"],
            "1950-01-01",
            "person_id, year: birth_date: kept 1950-01-01, rejected 1960-01-01",
        ),
        (
            "diagnoses",
            ["claim_id | diagnosis_position | diagnosis_code", "A | 1 | I10", "A | 1 | E119"],
            ["present_on_admission_code", "Y", "Y"],
            "E119",
            "claim_id, diagnosis_position: diagnosis_code: kept E119, rejected I10",
        ),
        (
            "claims",
            ["claim_id | payer", "A |", "A | North"],
            ["person_id", "q", "q"],
            "North",
            "claim_id: payer: kept North, rejected nothing",
        ),
        (
            "attributes",
            ["claim_id | name | value", "A | plan | PPO", "A | plan | HMO"],
            None,
            "HMO",
            "claim_id, claim_line_number, name: value: kept HMO, rejected PPO",
        ),
    ],
)
def test_of_contradictory_rows_the_first_by_what_is_seen_is_kept(
    table: str, rows: list[str], unrelated: list[str] | None, kept: str, reason: str
) -> None:
    """Neither a column in which they agree nor the order of rows, nor that of files, decides."""
    for more in (None, unrelated):
        for order in (rows, [rows[0], rows[2], rows[1]]):
            lines = [f"{line} | {cell}" for line, cell in zip(order, more, strict=True)] if more else order
            data = frame("\n".join(lines))
            for split in (False, True):
                intake = Intake()
                for name, part in (("b", data.iloc[:1]), ("a", data.iloc[1:])) if split else (("f", data),):
                    intake.add(table, part, source=name)
                claims = intake.claims()
                found = claims.table(table)[rows[0].split("|")[-1].strip()]
                assert [str(cell)[:10] for cell in found] == [kept]
                assert shown(claims.rejects, "reason") == [(f"another row of {table} has the same {reason}",)]


def test_rows_made_by_sql_are_counted() -> None:
    intake = Intake()
    intake.add(
        "lines", frame("claim_id | claim_line_number | charge_amount\nA | 1 | 5.00\nA | 2 | 7.00"), source="f"
    )
    added = intake.insert(
        "claims",
        "SELECT claim_id, sum(charge_amount) AS charge_amount, min(_source) AS _source FROM lines GROUP BY 1",
    )
    claims = intake.claims()
    assert added == 1
    accounting = claims.accounting().set_index("table_name")
    assert shown(accounting.loc[["claims"]], "read", "loaded", "rejected", "amount_loaded") == [
        (1, 1, 0, 12.0)
    ]


ONE = "claim_id | claim_line_number | charge_amount\nA | 1 | 5.00"


def test_parts_make_identifiers_unique_and_a_failed_one_leaves_nothing() -> None:
    intake = Intake(lenient=True)
    for name in ("f", "g"):
        with intake.part():
            intake.add("claims", frame("claim_id | charge_amount\nA | 5.00"), source=name)
            intake.add("lines", frame(ONE), source=name)
    with pytest.raises(SchemaError), intake.part():
        intake.add("lines", frame(ONE + "\nB | x | 7.00"), source="bad")
        intake.reject(source="bad", location="1", table_name="lines", reason="no")
        intake.add("lines", pa.table({"nothing": ["x"]}), source="bad")
    with intake.file("worse"):
        raise InputError("worse: unreadable")
    claims = intake.claims()
    assert shown(claims.table("claims"), "claim_id", "source_claim_id") == [("A", None), ("A#2", "A")]
    assert shown(claims.table("lines"), "claim_id") == [("A",), ("A#2",)]
    assert shown(claims.rejects, "source", "action", "content") == [
        ("worse", "rejected", ""),
        ("g", "noted", "A is A#2"),
    ]
    accounts = claims.accounting()
    assert set(accounts["source"]) == {"f", "g", "worse"} and (accounts["rejected"].sum() == 1)


def test_a_number_that_is_taken_is_not_taken_again() -> None:
    intake = Intake()
    for ids in (["A", "A#2"], ["A", "A#3"], ["A"]):
        with intake.part():
            intake.add("claims", pa.table({"claim_id": ids}), source="f")
    found = shown(intake.claims().table("claims"), "claim_id", "source_claim_id")
    assert found == [("A", None), ("A#2", None), ("A#3", None), ("A#4", "A"), ("A#5", "A")]


cells = st.sampled_from(
    ["1", "2", "x", "", "10.00", "-3", "1e400", "=1+1", "2024-01-01", "'", '"', "\x00", "é"]
)


row = st.tuples(cells, cells, cells, cells)


# What takes time is to make claims, not their rows: few tables, most of them of many rows.
@settings(max_examples=6, deadline=None)
@given(st.lists(row, max_size=2) | st.lists(row, min_size=15, max_size=45), st.randoms())
def test_read_is_loaded_plus_rejected_in_any_order(rows: list[tuple[str, ...]], random: object) -> None:
    results = []
    for _ in range(2):
        intake = Intake()
        names = ["claim_id", "claim_line_number", "charge_amount", "claim_line_start_date"]
        intake.add("lines", pd.DataFrame(rows, columns=names, dtype=str), source="f")
        accounting = intake.claims().accounting().iloc[0]
        assert accounting["read"] == len(rows) == accounting["loaded"] + accounting["rejected"]
        total = accounting["amount_loaded"] + accounting["amount_rejected"]
        assert accounting["amount_read"] == pytest.approx(total)
        results.append(accounting.tolist())
        random.shuffle(rows)  # type: ignore[attr-defined]
    assert results[0] == results[1]
