"""Cells of small tables read without SQL: each must be what DuckDB, which reads those of large tables, makes of it."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from cpticd.core import plain_cells
from cpticd.core.conform import conform
from cpticd.core.tables import Column, Kind, declare

KINDS: tuple[Kind, ...] = ("text", "code", "date", "money", "number", "integer", "flag")
TEXT = [
    None, "", " ", "\t", "\r\n", "0", "-0", "00", "1", "-1", "+1", "007", "12", "1e3", "1.", ".5", "1.5", "1.50", "1.505",
    "1.5055", "1.005", "-1.005", "1.0000", "1,000.00", "$5.00", "(5.00)", "5.00-", "5 ", " 5", "5\n", "\t5.25\r", "5 0", "--5", "-",
    "999999999", "9999999999", "2147483647", "2147483648", "-2147483648", "123456789012345", "1234567890123456", "99999999999999999",
    "123456789012345.67", "0.001", "0.0005", "1_000", "0x10", "٣", "１", "2024-02-29", "2023-02-29", "2024-2-9", "2024-02-29 ",
    "2024-13-01", "2024-00-10", "20240229", "20230229", "20241301", "00000000", "99999999", "18491231", "18500101", "22001231",
    "22010101", "1849-12-31", "1850-01-01", "2200-12-31", "2201-01-01", "0000-01-01", "2024-02-29T10:00:00", "2024-02-29 10:00:00",
    "01/05/2024", "1/5/2024", "13/05/2024", "2024/01/05", "05-Jan-2024", "01-05-2024", "2024-01-05Z", "2024-01-5", "２０２４-01-05",
    "+2024-01-05", "-2024-01-05", "nan", "NaN", "inf", "-inf", "infinity", "epoch", "null", "None", "y", "Y", "yes", "YES", "Yes", "t", "T", "true", "TRUE",
    "n", "no", "NO", "f", "false", "False", "yesno", "ye s", "ß", "é", "e11.9", "E11.9", " e 11 . 9 ", ".", "..", ". .", "a.b c", "É1.2",
    "ŉ", "İ", "ı", "\u00a0x", "x\u00a0", "\u3000x", "\x0bx", "\x0cx", "a\tb", "a\nb", "1\n2", "2024-01-05\n2024-01-06", "x" * 100,
    "00123", "99213", "99213.0", "J1234", "j1234", "0.10", "-0.00", "-.5", "-0.5", "1e-3", "1E5", "12345678", "1234567", "123456789",
]  # fmt: skip
FLOATS = [
    None, 0.0, -0.0, 1.0, -1.0, 1.5, 0.1, 0.2, 0.3, 0.1 + 0.2, 0.285, 1.005, 1.115, 2.675, 1.0049999999, 1e9, 1e9 + 0.5, 1e14, 1e15,
    1e16, 1e18, 1e20, -1e15, 99213.0, 12345678.9, 123456.789, 0.0005, 0.005, 0.015, -0.005, 1e-10, 20240229.0, 20230229.0, 2147483647.0,
    2147483648.0, float("nan"), float("inf"), float("-inf"), 999999999.99, 999999999.995,
]  # fmt: skip
INTEGERS = [
    None, 0, 1, -1, 5, 99213, 2147483647, 2147483648, -2147483648, -2147483649, 20240229, 20230229, 18491231, 99999999,
    10**15, 10**16, 10**17, 10**18, -(10**16), 2**63 - 1,
]  # fmt: skip
TIMES = [
    None, dt.datetime(2024, 2, 29), dt.datetime(2024, 2, 29, 23, 59, 59), dt.datetime(1969, 12, 31, 23), dt.datetime(1850, 1, 1),
    dt.datetime(1849, 12, 31, 23), dt.datetime(2200, 12, 31, 23), dt.datetime(2201, 1, 1),
]  # fmt: skip
CELLS = {
    "string": pa.array(TEXT, pa.string()),
    "large string": pa.array(TEXT, pa.large_string()),
    "dictionary": pa.array(TEXT, pa.string()).dictionary_encode(),
    "double": pa.array(FLOATS, pa.float64()),
    "float": pa.array([None, 0.5, 1.0, 99213.0, 0.1, 20240229.0], pa.float32()),
    "bigint": pa.array(INTEGERS, pa.int64()),
    "small integer": pa.array([None, 0, 1, 255], pa.uint8()),
    "large integer": pa.array([None, 0, 1, 2**64 - 1, 2**63], pa.uint64()),
    "boolean": pa.array([None, True, False]),
    "decimal": pa.array([None, Decimal("1.50"), Decimal("-0.01"), Decimal("0.00")], pa.decimal128(18, 2)),
    "longer decimal": pa.array(
        [None, Decimal("1.505"), Decimal("1.500"), Decimal("0.015")], pa.decimal128(18, 3)
    ),
    "date": pa.array([None, dt.date(2024, 2, 29), dt.date(1849, 12, 31), dt.date(2201, 1, 1)]),
    "microseconds": pa.array(TIMES, pa.timestamp("us")),
    "nanoseconds": pa.array(TIMES, pa.timestamp("ns")),
    "with a zone": pa.array(TIMES, pa.timestamp("us", tz="America/New_York")),
    "nothing": pa.nulls(3),
}


def read_by_sql(monkeypatch: pytest.MonkeyPatch, kind: Kind, cells: pa.Array, mark: str) -> list[Any]:
    """What DuckDB makes of each cell: its value, or the word "failed"."""
    table = declare("cells", "One row per cell.", "n", f"n integer! place\ncell {kind}{mark} cell")
    with monkeypatch.context() as patch:
        patch.setattr(plain_cells, "ROWS", -1)
        done = conform(table, pa.table({"n": pa.array(range(len(cells)), pa.int32()), "cell": cells}))
    read: list[Any] = ["failed"] * len(cells)
    for n, value in zip(*(done.rows.column(name).to_pylist() for name in ("n", "cell")), strict=True):
        read[n] = value
    return read


@pytest.mark.parametrize("kind", KINDS)
def test_a_plain_cell_is_what_duckdb_makes_of_it(monkeypatch: pytest.MonkeyPatch, kind: Kind) -> None:
    compared = 0
    for form, cells in CELLS.items():
        for mark in ("", "!"):
            column = Column("cell", kind, required=bool(mark))
            for place, expected in enumerate(read_by_sql(monkeypatch, kind, cells, mark)):
                found = plain_cells.plain(column, cells.slice(place, 1))
                if found is not None:
                    compared += 1
                    assert found.type == column.arrow
                    assert found.to_pylist() == [expected], (form, mark, cells[place])
    assert compared > 30


@pytest.mark.parametrize("kind", KINDS)
def test_written_cells_are_what_duckdb_makes_of_them(monkeypatch: pytest.MonkeyPatch, kind: Kind) -> None:
    """Cells of the characters of which dates, amounts and codes are written, most of them in no order."""
    draw = random.Random(kind)
    forms = [
        "CYdd-0d-1d",
        "CYdd-Md-Dd",
        "CYdd1D2d",
        "-d.dd",
        "ddd.d",
        "d",
        "dd.ddd",
        "add",
        "Addd.d",
        "d/d/CYdd",
        "d-d",
    ]
    signs = {"d": "0123456789", "a": "abcxyz", "A": "ABCXYZ", "C": "12", "Y": "890", "M": "01", "D": "0123"}
    written = ["".join(draw.choice(signs.get(c, c)) for c in draw.choice(forms)) for _ in range(500)]
    written += [
        "".join(draw.choice("0123456789-. aZ\té") for _ in range(draw.randint(1, 10))) for _ in range(200)
    ]
    column = Column("cell", kind)
    cells = pa.array(written)
    expected = read_by_sql(monkeypatch, kind, cells, "")
    found = [plain_cells.plain(column, cells.slice(place, 1)) for place in range(len(cells))]
    plain = [place for place, each in enumerate(found) if each is not None]
    assert len(plain) > (5 if kind == "flag" else 30)
    assert [found[place].to_pylist()[0] for place in plain] == [expected[place] for place in plain]


def test_a_column_is_read_as_its_cells_are() -> None:
    """One cell that is not plain gives the whole column to DuckDB; the others of the table are read beside it."""
    table = declare("cells", "One row per cell.", "n", "n integer! place\npaid money paid\nday date day")
    rows = pa.table(
        {"n": ["1", "2", "x"], "paid": ["1.50", "$2.50", "3"], "day": ["2024-01-05", "20240106", "soon"]}
    )
    done = conform(table, rows)
    assert done.rows.to_pylist() == [
        {"n": 1, "paid": Decimal("1.50"), "day": dt.date(2024, 1, 5)},
        {"n": 2, "paid": Decimal("2.50"), "day": dt.date(2024, 1, 6)},
    ]
    assert done.failed.column("reason").to_pylist() == ["n: not a whole number: x"]


def test_required_cells_that_are_missing_fail_whoever_reads_the_others() -> None:
    table = declare("cells", "One row per cell.", "n", "n text! place\npaid money! paid", amount="paid")
    done = conform(table, pa.table({"n": ["a", " ", "c", None], "paid": ["1", "2", None, "$4"]}))
    assert done.rows.column("n").to_pylist() == ["a"]
    assert done.failed.column("reason").to_pylist() == [
        "n: empty, but required", "paid: empty, but required", "n: empty, but required",
    ]  # fmt: skip
    assert done.failed.column("amount").to_pylist() == [Decimal(2), None, Decimal(4)]
