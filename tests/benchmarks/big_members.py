"""Claims of a million members, made by SQL, all in one service year: what a score of claims is measured on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from cpticd.claims import Claims
from cpticd.core.engine import DuckDBEngine
from cpticd.core.schema import ACCOUNTING, REJECTS, TABLES
from cpticd.core.tables import SQL
from cpticd.risk import hcc_tables

CLAIMS_PER_PERSON = 2.9


def claims_of(persons: int) -> Claims:
    """2.9 professional claims a person, of two lines and one to four diagnoses, which carry an HCC."""
    return Claims(_engine_of(persons), accounting=ACCOUNTING.empty_table(), rejects=REJECTS.empty())


def write_claims_of(persons: int, folder: Path) -> None:
    """The same as canonical tables in Parquet, as data sets of a million persons are kept."""
    engine = _engine_of(persons)
    for table in ("members", "claims", "lines", "diagnoses"):
        engine.execute(f"COPY {table} TO '{folder / table}.parquet' (FORMAT parquet)")
    engine.close()


def _engine_of(persons: int) -> DuckDBEngine:
    engine = DuckDBEngine()
    for table in TABLES.values():
        columns = ", ".join(f"{column.name} {SQL[column.kind]}" for column in table.columns)
        engine.execute(f"CREATE TABLE {table.name} ({columns})")
    mapped = hcc_tables.mapping("V28", 2026).column("diagnosis_code").unique().to_pylist()
    order = np.random.default_rng(1).permutation(len(mapped))
    engine.load("codes", pa.table({"i": range(len(mapped)), "code": [mapped[place] for place in order]}))
    engine.execute(
        f"""INSERT INTO members BY NAME SELECT 'M' || lpad(CAST(i AS VARCHAR), 9, '0') AS person_id, 2025 AS year,
            CASE WHEN hash(i) % 2 = 0 THEN 'female' ELSE 'male' END AS sex, 12 AS part_b_months,
            DATE '1935-01-01' + CAST(hash(i + 5) % 12000 AS INTEGER) AS birth_date FROM range({persons}) t(i)"""
    )
    engine.execute(
        f"""INSERT INTO claims BY NAME SELECT 'CLM' || lpad(CAST(i AS VARCHAR), 12, '0') AS claim_id,
            'professional' AS claim_type, '11' AS place_of_service_code, 'bench' AS data_source,
            'M' || lpad(CAST(hash(i) % {persons} AS VARCHAR), 9, '0') AS person_id,
            DATE '2025-01-01' + CAST(hash(i + 9) % 365 AS INTEGER) AS claim_start_date
            FROM range({int(persons * CLAIMS_PER_PERSON)}) t(i)"""
    )
    engine.execute(
        """INSERT INTO lines BY NAME SELECT claim_id, CAST(j AS INTEGER) AS claim_line_number, 100.0 AS charge_amount,
            CASE WHEN j = 1 THEN '99213' ELSE '36415' END AS hcpcs_code FROM claims, range(1, 3) s(j)"""
    )
    engine.execute(
        f"""INSERT INTO diagnoses BY NAME WITH drawn AS (
            SELECT claim_id, j, CAST(floor(pow({len(mapped)}, (hash(claim_id || j) % 1000003) / 1000003.0)) AS INTEGER) - 1
                AS i FROM claims, range(1, 5) s(j) WHERE j <= 1 + hash(claim_id) % 4)
            SELECT claim_id, CAST(j AS INTEGER) AS diagnosis_position, code AS diagnosis_code,
                'icd-10-cm' AS diagnosis_code_type FROM drawn JOIN codes USING (i)"""
    )
    engine.drop("codes")
    return engine
