"""Millions of claim lines, made by SQL: text-keyed tables for the benchmarks, deterministic by hash."""

from __future__ import annotations

from pathlib import Path

from cpticd.claims import Claims
from cpticd.core.engine import DuckDBEngine
from cpticd.core.schema import ACCOUNTING, REJECTS, TABLES
from cpticd.core.tables import SQL

#: A number in [0, 1) from a row's number and a salt.
_UNIFORM = "(hash({row} * 1000003 + {salt}) % 1000000007) / 1000000007.0"


def _u(row: str, salt: int) -> str:
    return _UNIFORM.format(row=row, salt=salt)


def _code(letters: str, size: int, row: str, salt: int, power: float) -> str:
    """SQL for one of ``size`` codes, the first ones far more frequent."""
    return f"'{letters}' || lpad(CAST(CAST(floor({size} * pow({_u(row, salt)}, {power})) AS INTEGER) AS VARCHAR), 4, '0')"


def build(lines: int, *, memory_limit: str = "2GB", derive: bool = True) -> Claims | DuckDBEngine:
    """Claims of about ``lines`` professional lines with a Medicare processing indicator as their outcome."""
    engine = DuckDBEngine(memory_limit=memory_limit)
    n_claims, persons = int(lines / 2.5), max(100, lines // 20)
    for table in TABLES.values():
        columns = ", ".join(f"{column.name} {SQL[column.kind]}" for column in table.columns)
        engine.execute(f"CREATE TABLE {table.name} ({columns})")
    engine.execute(
        f"""INSERT INTO claims BY NAME SELECT 'CLM' || lpad(CAST(i AS VARCHAR), 12, '0') AS claim_id,
            'professional' AS claim_type, 'P' || lpad(CAST(hash(i) % {persons} AS VARCHAR), 9, '0') AS person_id,
            'Payer ' || CAST(floor(12 * pow({_u("i", 1)}, 1.5)) AS INTEGER) AS payer,
            ['11', '22', '21', '23', '19', '31', '12', '81'][1 + CAST(floor(8 * pow({_u("i", 2)}, 2)) AS INTEGER)]
                AS place_of_service_code,
            DATE '2024-01-01' + CAST(floor(730 * {_u("i", 3)}) AS INTEGER) AS claim_start_date, 'bench' AS data_source
            FROM range({n_claims}) t(i)"""
    )
    engine.execute(
        f"""INSERT INTO lines BY NAME SELECT 'CLM' || lpad(CAST(i AS VARCHAR), 12, '0') AS claim_id,
            CAST(j AS INTEGER) AS claim_line_number, {_code("9", 1200, "i * 8 + j", 4, 2.5)} AS hcpcs_code,
            CAST(20 + 500 * {_u("i * 8 + j", 5)} AS DECIMAL(18,2)) AS charge_amount,
            CASE WHEN {_u("i * 8 + j", 6)} < 0.11 THEN ['N', 'C', 'M', 'I', 'O', 'B'][1 + CAST(hash(i * 8 + j) % 6 AS INTEGER)]
                 ELSE 'A' END AS processing_indicator_code
            FROM range({n_claims}) t(i), range(1, 6) s(j) WHERE j <= 1 + floor(4 * {_u("i", 7)})"""
    )
    engine.execute(
        f"""INSERT INTO diagnoses BY NAME SELECT 'CLM' || lpad(CAST(i AS VARCHAR), 12, '0') AS claim_id,
            CAST(j AS INTEGER) AS diagnosis_position, {_code("I", 2500, "i * 8 + j", 8, 3.0)} AS diagnosis_code,
            'icd-10-cm' AS diagnosis_code_type
            FROM range({n_claims}) t(i), range(1, 5) s(j) WHERE j <= 1 + floor(4 * {_u("i", 9)})"""
    )
    engine.execute(
        f"""INSERT INTO pointers BY NAME SELECT l.claim_id, l.claim_line_number, CAST(k AS INTEGER) AS pointer_position,
            CAST(k AS INTEGER) AS diagnosis_position
            FROM lines l, range(1, 4) s(k)
            WHERE k = 1 OR {_u("(CAST(substr(l.claim_id, 4) AS BIGINT) * 8 + l.claim_line_number) * 4 + k", 10)} < 0.35"""
    )
    if not derive:
        return engine
    claims = Claims(engine, accounting=ACCOUNTING.empty_table(), rejects=REJECTS.empty())
    claims.summary()  # derives what analyses stand on, which are measured without it
    return claims


#: One plain statement: what an analyst would write over the text-keyed tables.
PLAIN = """
    WITH paired AS (
        SELECT DISTINCT l.claim_id, l.claim_line_number, l.hcpcs_code, d.diagnosis_code, c.person_id,
            l.processing_indicator_code, l.charge_amount
        FROM lines l
        JOIN claims c ON c.claim_id = l.claim_id
        JOIN pointers p ON p.claim_id = l.claim_id AND p.claim_line_number = l.claim_line_number
        JOIN diagnoses d ON d.claim_id = p.claim_id AND d.diagnosis_position = p.diagnosis_position
    ),
    shared AS (
        SELECT *, 1.0 / count(*) OVER (PARTITION BY claim_id, claim_line_number) AS share,
            processing_indicator_code IN ('B', 'C', 'D', 'I', 'L', 'M', 'N', 'O', 'P', 'Z') AS is_denied
        FROM paired
    )
    SELECT hcpcs_code, diagnosis_code, count(*) AS lines, count(DISTINCT person_id) AS persons,
        count(*) FILTER (WHERE is_denied) AS denied_lines,
        count(*) FILTER (WHERE is_denied) / count(*) AS rate,
        (count(*) FILTER (WHERE is_denied) + 50 * 0.11) / (count(*) + 50) AS shrunk_rate,
        sum(share * charge_amount) FILTER (WHERE is_denied) AS denied_amount,
        mode(processing_indicator_code) FILTER (WHERE is_denied) AS top_cause
    FROM shared
    GROUP BY hcpcs_code, diagnosis_code
    HAVING count(*) >= 30
"""
#: A lighter one: no duplicates of a diagnosis on a line expected, dollars not shared out.
PLAIN_LIGHT = """
    SELECT l.hcpcs_code, d.diagnosis_code, count(*) AS lines, count(DISTINCT c.person_id) AS persons,
        count(*) FILTER (WHERE l.processing_indicator_code <> 'A') AS denied_lines,
        count(*) FILTER (WHERE l.processing_indicator_code <> 'A') / count(*) AS rate,
        (count(*) FILTER (WHERE l.processing_indicator_code <> 'A') + 50 * 0.11) / (count(*) + 50) AS shrunk_rate,
        sum(l.charge_amount) FILTER (WHERE l.processing_indicator_code <> 'A') AS denied_amount,
        mode(l.processing_indicator_code) FILTER (WHERE l.processing_indicator_code <> 'A') AS top_cause
    FROM lines l
    JOIN claims c ON c.claim_id = l.claim_id
    JOIN pointers p ON p.claim_id = l.claim_id AND p.claim_line_number = l.claim_line_number
    JOIN diagnoses d ON d.claim_id = p.claim_id AND d.diagnosis_position = p.diagnosis_position
    GROUP BY l.hcpcs_code, d.diagnosis_code
    HAVING count(*) >= 30
"""


def folder_of(lines: int, base: Path) -> Path:
    """A saved data set of ``lines`` lines below ``base``, made where it is not there yet."""
    folder = base / f"claims-{lines}"
    if not folder.exists():
        built = build(lines)
        assert isinstance(built, Claims)
        built.save(folder)
        built.engine.close()
    return folder
