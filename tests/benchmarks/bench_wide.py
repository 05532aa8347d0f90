"""How fast a flat export loads: a million lines of 35 columns, from CSV to derived views.

python -m pytest -s tests/benchmarks/bench_wide.py
"""

from __future__ import annotations

import time
from pathlib import Path

import duckdb

import cpticd as cx

LINES = 1_000_000
MAX_SECONDS = 30.0


def write(path: Path, lines: int) -> None:
    """A flat export: four lines a claim, up to four of twelve diagnoses, one line in nine denied."""
    empty = ", ".join(f"NULL AS dx{n}" for n in range(5, 13))
    duckdb.sql(
        f"""
        COPY (
            SELECT 'C' || (i // 4) AS "Claim #", i % 4 + 1 AS "Line", 'P' || ((i // 4) % 90000) AS "Patient ID",
                   'Payer ' || ((i // 4) % 7) AS "Payor",
                   strftime(DATE '2024-01-01' + CAST((i // 4) % 600 AS INT), '%m/%d/%Y') AS "DOS",
                   99200 + (i * 7) % 50 AS "CPT", CASE WHEN i % 5 = 0 THEN '25' END AS "Mod", 11 AS "POS",
                   'E11.' || (i // 4) % 10 AS dx1, 'I10' AS dx2, 'J45.' || (i // 4) % 10 AS dx3,
                   CASE WHEN i % 8 < 4 THEN 'M54.5' END AS dx4, {empty},
                   ['A', 'A,B', 'AB', 'A,C'][i % 4 + 1] AS "Dx Pointer", 1 AS "Units",
                   CAST(50 + (i * 13) % 400 AS DECIMAL(9,2)) AS "Billed Amt",
                   CASE WHEN i % 9 = 0 THEN '0' ELSE '40.00' END AS "Allowed",
                   CASE WHEN i % 9 = 0 THEN '0' ELSE '30.00' END AS "Paid",
                   strftime(DATE '2024-02-01' + CAST((i // 4) % 600 AS INT), '%m/%d/%Y') AS "Paid Date",
                   CASE WHEN i % 9 = 0 THEN 'CO-97' ELSE 'CO-45' END AS "Adj Reason 1",
                   CASE WHEN i % 9 = 0 THEN '50.00' ELSE '10.00' END AS "Adj Amt 1",
                   CASE WHEN i % 9 <> 0 THEN 'PR-1' END AS "Adj Reason 2",
                   CASE WHEN i % 9 <> 0 THEN '10.00' END AS "Adj Amt 2", CASE WHEN i % 9 = 0 THEN 'N115' END AS "RARC",
                   CASE WHEN i % 9 = 0 THEN 'Denied' ELSE 'Paid' END AS "Status",
                   '1234567893' AS "Rendering NPI", '1234567893' AS "Billing NPI"
            FROM range({lines}) t(i)
        ) TO '{path}' (HEADER)
        """
    )


def test_a_million_lines(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    write(path, LINES)
    start, processor = time.perf_counter(), time.process_time()
    claims = cx.read_wide(path, quiet=True, progress=False)
    claims.summary()  # derives what it counts
    seconds, worked = time.perf_counter() - start, time.process_time() - processor
    size = path.stat().st_size / 1e6
    print(
        f"\n{LINES:,} lines, {size:.0f} MB: {seconds:.1f} s, {worked:.1f} s of processor, {size / seconds:.1f} MB/s"
    )
    counts = claims.query(
        "SELECT count(*) AS n, count_if(initial_outcome = 'denied') AS denied FROM line_outcomes"
    )
    assert counts.n.item() == LINES
    assert counts.denied.item() == (LINES + 8) // 9
    assert seconds < MAX_SECONDS
