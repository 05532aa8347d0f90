"""How fast a flat export loads: two million lines of 35 columns, about 330 MB, beside plain tools that make like tables.

python -m tests.benchmarks.bench_wide [lines]

Each tool reads the file in a process of its own: seconds of processor, seconds, and the most memory that it held. DuckDB's
SQL, pyarrow and pandas read this one file, whose form they are told; they repair nothing, and check nothing.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

LINES = 2_000_000
#: Seconds of processor beside those of DuckDB's SQL, and bytes of memory.
MOST_TIMES, MOST_MEMORY = 3.0, 1.5e9
TOOLS = ("duckdb", "cpticd", "pyarrow", "pandas")

#: What plain SQL makes of the file: tables as cpticd's, without any reading of cells.
PLAIN = """
CREATE TABLE flat AS SELECT row_number() OVER () AS rid, * FROM read_csv('{path}', header = true, all_varchar = true);
CREATE TABLE lines AS SELECT "Claim #" AS claim_id, CAST("Line" AS INTEGER) AS line, strptime("DOS", '%m/%d/%Y')::DATE AS day,
    "CPT" AS cpt, "Mod" AS modifier, lpad("POS", 2, '0') AS pos, CAST("Units" AS DECIMAL(18,3)) AS units,
    CAST("Billed Amt" AS DECIMAL(18,2)) AS charge, "Rendering NPI" AS npi FROM flat;
CREATE TABLE claims AS SELECT "Claim #" AS claim_id, min("Patient ID") AS person, min("Payor") AS payer,
    min("Billing NPI") AS npi, min(strptime("DOS", '%m/%d/%Y')::DATE) AS first_day,
    max(strptime("DOS", '%m/%d/%Y')::DATE) AS last_day, sum(CAST("Billed Amt" AS DECIMAL(18,2))) AS charge FROM flat GROUP BY 1;
CREATE TABLE diagnoses AS SELECT DISTINCT claim_id, n, replace(upper(code), '.', '') AS code FROM (
    SELECT "Claim #" AS claim_id, unnest([dx1, dx2, dx3, dx4, dx5, dx6, dx7, dx8, dx9, dx10, dx11, dx12]) AS code,
    unnest(range(1, 13)) AS n FROM flat) WHERE code IS NOT NULL;
CREATE TABLE pointers AS SELECT claim_id, line, unnest(range(1, len(p) + 1)) AS n, unnest(list_transform(p, lambda x: ascii(x) - 64)) AS dx
    FROM (SELECT "Claim #" AS claim_id, "Line" AS line, string_split(replace("Dx Pointer", ',', ''), '') AS p FROM flat);
CREATE TABLE adjudications AS SELECT "Claim #" AS claim_id, dense_rank() OVER (PARTITION BY "Claim #" ORDER BY day) AS nth, day,
    charge, paid, status FROM (SELECT "Claim #", strptime("Paid Date", '%m/%d/%Y')::DATE AS day,
    sum(CAST("Billed Amt" AS DECIMAL(18,2))) AS charge, sum(CAST("Paid" AS DECIMAL(18,2))) AS paid, min("Status") AS status
    FROM flat GROUP BY ALL);
CREATE TABLE line_payments AS SELECT f."Claim #" AS claim_id, a.nth, f."Line" AS line, f."CPT" AS cpt,
    CAST(f."Billed Amt" AS DECIMAL(18,2)) AS charge, CAST(f."Allowed" AS DECIMAL(18,2)) AS allowed,
    CAST(f."Paid" AS DECIMAL(18,2)) AS paid FROM flat f JOIN adjudications a
    ON a.claim_id = f."Claim #" AND a.day = strptime(f."Paid Date", '%m/%d/%Y')::DATE;
CREATE TABLE adjustments AS SELECT claim_id, line, row_number() OVER (PARTITION BY rid ORDER BY n) AS n,
    split_part(reason, '-', 1) AS grp, split_part(reason, '-', 2) AS carc, CAST(amount AS DECIMAL(18,2)) AS amount
    FROM (SELECT rid, "Claim #" AS claim_id, "Line" AS line, unnest(["Adj Reason 1", "Adj Reason 2"]) AS reason,
    unnest(["Adj Amt 1", "Adj Amt 2"]) AS amount, unnest([1, 2]) AS n FROM flat) WHERE reason IS NOT NULL;
CREATE TABLE remarks AS SELECT "Claim #" AS claim_id, "Line" AS line, "RARC" AS rarc FROM flat WHERE "RARC" IS NOT NULL;
DROP TABLE flat;
"""


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


def by_duckdb(path: str) -> int:
    """Plain SQL, as many statements as tables."""
    connection = duckdb.connect(
        config={"preserve_insertion_order": "false", "temp_directory": f"{path}.spilled"}
    )
    connection.execute(PLAIN.format(path=path))
    return connection.execute("SELECT count(*) FROM lines").fetchall()[0][0]


def by_cpticd(path: str) -> int:
    """The reader of flat files; the model is derived when a statement first names it."""
    import cpticd as cx

    claims = cx.read_wide(path, quiet=True, progress=False)
    return len(claims.query("SELECT 1 FROM lines"))


def by_pyarrow(path: str) -> int:
    """Typed columns, and nothing more."""
    import pyarrow.csv

    return pyarrow.csv.read_csv(path).num_rows


def by_pandas(path: str) -> int:
    """Text cells, dates and money in their types, claims grouped."""
    import pandas as pd

    frame = pd.read_csv(path, dtype=str)
    for column in ("DOS", "Paid Date"):
        frame[column] = pd.to_datetime(frame[column], format="%m/%d/%Y")
    for column in ("Billed Amt", "Allowed", "Paid", "Adj Amt 1", "Adj Amt 2"):
        frame[column] = pd.to_numeric(frame[column])
    frame.groupby("Claim #").agg({"Patient ID": "min", "DOS": "min", "Billed Amt": "sum"})
    return len(frame)


def measured(tool: str, path: Path) -> dict[str, float]:
    """What one tool takes, in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.bench_wide", "--one", tool, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def one(tool: str, path: str) -> None:
    start, worked = time.perf_counter(), time.process_time()
    lines = {"duckdb": by_duckdb, "cpticd": by_cpticd, "pyarrow": by_pyarrow, "pandas": by_pandas}[tool](path)
    print(
        json.dumps(
            {
                "lines": lines,
                "processor": time.process_time() - worked,
                "seconds": time.perf_counter() - start,
                "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            }
        )
    )


def main(lines: int = LINES, tools: tuple[str, ...] = TOOLS) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "wide.csv"
        write(path, lines)
        print(f"{lines:,} lines, {path.stat().st_size / 1e6:.0f} MB")
        found = {tool: measured(tool, path) for tool in tools}
    for tool, took in found.items():
        times = took["processor"] / found["duckdb"]["processor"]
        print(
            f"{tool:8} {took['processor']:6.1f} s of processor ({times:.1f} times), {took['seconds']:6.1f} s, "
            f"{took['memory'] / 1e9:.2f} GB"
        )
        assert took["lines"] == lines, f"{tool} read {took['lines']:,} lines"
    ours = found["cpticd"]
    assert ours["processor"] <= MOST_TIMES * found["duckdb"]["processor"], "slower than three times plain SQL"
    assert ours["memory"] <= MOST_MEMORY, "more memory than 1.5 GB"


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(*sys.argv[2:4])
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else LINES)
