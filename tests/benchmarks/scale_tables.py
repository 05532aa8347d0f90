"""Canonical tables of any number of lines as Parquet, made by SQL: claims with answers, denials, second tries and payers.

Deterministic by hash. Of a hundred claims, three are replaced, two are sent again after a denial, four go to a second
payer and one decision is reversed; a tenth of the lines is denied, every twentieth claim is institutional.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import duckdb

#: Lines of a claim on average, those of replacements and further submissions among them.
_LINES_A_CLAIM: Final = 2.5


def _u(row: str, salt: int) -> str:
    """SQL of a number in [0, 1) from a row's number and a salt."""
    return f"(hash({row} * 1000003 + {salt}) % 1000000007) / 1000000007.0"


def _code(letters: str, size: int, row: str, salt: int, power: float) -> str:
    """SQL of one of ``size`` codes, the first ones far more frequent."""
    return f"'{letters}' || lpad(CAST(CAST(floor({size} * pow({_u(row, salt)}, {power})) AS INTEGER) AS VARCHAR), 4, '0')"


#: One row per claim: its number, what it is of (the claim that it repeats), and how.
_CLAIMS = f"""
    SELECT i, i AS root, 'first' AS kind FROM range({{n}}) t(i)
    UNION ALL SELECT {{n}} + i, i, 'replacement' FROM range({{n}}) t(i) WHERE {_u("i", 20)} < 0.03
    UNION ALL SELECT 2 * {{n}} + i, i, 'again' FROM range({{n}}) t(i) WHERE {_u("i", 21)} < 0.02 AND {_u("i", 20)} >= 0.03
    UNION ALL SELECT 3 * {{n}} + i, i, 'second' FROM range({{n}}) t(i)
        WHERE {_u("i", 22)} < 0.04 AND {_u("i", 21)} >= 0.02 AND {_u("i", 20)} >= 0.03
"""
_HEADERS = f"""
    SELECT i, root, kind, 'CLM' || lpad(CAST(i AS VARCHAR), 12, '0') AS claim_id,
        'P' || lpad(CAST(hash(root) % {{persons}} AS VARCHAR), 9, '0') AS person_id,
        CAST(floor(12 * pow({_u("root", 1)}, 1.5)) AS INTEGER) AS p, {_u("root", 2)} < 0.05 AS institutional,
        CAST(1000000000 + hash(root % 4001) % 999999 * 1000 AS VARCHAR) AS billing_npi,
        DATE '2024-01-01' + CAST(floor(700 * {_u("root", 3)}) AS INTEGER) AS day,
        {_u("root", 21)} < 0.02 AS is_refused, 1 + CAST(floor(4 * {_u("root", 7)}) AS INTEGER) AS n_lines,
        CASE kind WHEN 'first' THEN 0 WHEN 'second' THEN 20 ELSE 60 END AS later
    FROM ({_CLAIMS}) c
"""
_LINES = f"""
    SELECT h.*, j, h.root * 8 + j AS r, {_code("9", 1200, "h.root * 8 + j", 4, 2.5)} AS hcpcs_code,
        CAST(20 + 500 * {_u("h.root * 8 + j", 5)} AS DECIMAL(18,2)) AS charge,
        kind = 'first' AND (is_refused OR {_u("h.root * 8 + j", 6)} < 0.1) AS is_denied
    FROM headers h, range(1, 5) s(j) WHERE j <= h.n_lines
"""
_TABLES: Final = {
    "claims": """
        SELECT h.claim_id, 'ACC' || root AS source_claim_id,
            CASE WHEN institutional THEN 'institutional' ELSE 'professional' END AS claim_type, person_id,
            'Payer ' || CASE WHEN kind = 'second' THEN p + 20 ELSE p END AS payer,
            CASE WHEN p % 3 = 0 THEN 'medicare' WHEN p % 3 = 1 THEN 'medicare advantage' ELSE 'commercial' END AS payer_kind,
            CASE WHEN kind = 'second' THEN 2 ELSE 1 END AS payer_sequence, billing_npi,
            CASE WHEN NOT institutional THEN ['11', '22', '21', '23', '12'][1 + CAST(root % 5 AS INTEGER)] END
                AS place_of_service_code,
            CASE WHEN institutional THEN '131' END AS bill_type_code,
            CASE WHEN kind = 'replacement' THEN '7' ELSE '1' END AS frequency_code,
            CASE WHEN kind = 'replacement' THEN 'CLM' || lpad(CAST(root AS VARCHAR), 12, '0') END AS original_payer_claim_id,
            day AS claim_start_date, day AS claim_end_date, day + later + 3 AS received_date,
            t.charge AS charge_amount, 'scale' AS data_source
        FROM headers h JOIN (SELECT claim_id, sum(charge) AS charge FROM made_lines GROUP BY claim_id) t USING (claim_id)""",
    "lines": """
        SELECT claim_id, j AS claim_line_number, day AS claim_line_start_date, day AS claim_line_end_date, hcpcs_code,
            CASE WHEN r % 7 = 0 THEN '25' END AS hcpcs_modifier_1,
            CASE WHEN institutional THEN '0300' END AS revenue_center_code, 1 AS service_unit_quantity,
            CAST(1000000000 + hash(r % 9001) % 999999 * 1000 AS VARCHAR) AS rendering_npi, charge AS charge_amount
        FROM made_lines""",
    "diagnoses": f"""
        SELECT claim_id, k AS diagnosis_position, {_code("I", 2500, "root * 8 + k", 8, 3.0)} AS diagnosis_code,
            'icd-10-cm' AS diagnosis_code_type
        FROM headers, range(1, 5) s(k) WHERE k <= 1 + floor(4 * {_u("root", 9)})""",
    "pointers": f"""
        SELECT claim_id, j AS claim_line_number, k AS pointer_position, k AS diagnosis_position
        FROM made_lines, range(1, 4) s(k)
        WHERE NOT institutional AND (k = 1 OR {_u("r * 4 + k", 10)} < 0.35)""",
    "adjudications": """
        SELECT claim_id, 1 AS adjudication_number,
            'Payer ' || CASE WHEN kind = 'second' THEN p + 20 ELSE p END AS payer, day + later + 25 AS paid_date,
            CASE WHEN kind = 'second' THEN '2' ELSE '1' END AS claim_status_code,
            t.charge AS charge_amount, t.paid AS paid_amount, 'ICN' || i AS payer_claim_id
        FROM headers h JOIN (SELECT claim_id, sum(charge) AS charge, sum(paid) AS paid FROM made_answers GROUP BY claim_id) t
            USING (claim_id)
        UNION ALL
        SELECT claim_id, 2, 'Payer ' || p, day + 40, '22', -t.charge, -t.paid, 'ICN' || i
        FROM headers h JOIN (SELECT claim_id, sum(charge) AS charge, sum(paid) AS paid FROM made_answers GROUP BY claim_id) t
            USING (claim_id)
        WHERE kind = 'first' AND root % 97 = 0""",
    "line_payments": """
        SELECT claim_id, 1 AS adjudication_number, j AS service_number, j AS claim_line_number, hcpcs_code,
            charge AS charge_amount, paid AS paid_amount
        FROM made_answers
        UNION ALL
        SELECT claim_id, 2, j, j, hcpcs_code, -charge, -paid FROM made_answers WHERE kind = 'first' AND root % 97 = 0""",
    "adjustments": """
        WITH given AS (
            SELECT claim_id, j, 1 AS position, 'CO' AS group_code,
                ['16', '50', '97', '197', '29', '18'][1 + CAST(hash(r) % 6 AS INTEGER)] AS carc, charge AS amount, kind, root
            FROM made_answers WHERE is_denied
            UNION ALL
            SELECT claim_id, j, 1, 'CO', '45', charge - paid - share, kind, root FROM made_answers WHERE NOT is_denied
            UNION ALL
            SELECT claim_id, j, 2, 'PR', '2', share, kind, root FROM made_answers WHERE NOT is_denied
        )
        SELECT claim_id, 1 AS adjudication_number, j AS service_number, j AS claim_line_number,
            position AS adjustment_position, group_code, carc, amount FROM given
        UNION ALL
        SELECT claim_id, 2, j, j, position, group_code, carc, -amount FROM given WHERE kind = 'first' AND root % 97 = 0""",
    "remarks": """
        SELECT claim_id, 1 AS adjudication_number, j AS service_number, j AS claim_line_number, 1 AS remark_position,
            ['N115', 'MA130', 'M51', 'N290'][1 + CAST(hash(r + 1) % 4 AS INTEGER)] AS rarc
        FROM made_answers WHERE is_denied AND r % 2 = 0""",
    "members": """
        SELECT 'P' || lpad(CAST(i AS VARCHAR), 9, '0') AS person_id, 2025 AS year,
            DATE '1930-01-01' + CAST(hash(i) % 25000 AS INTEGER) AS birth_date,
            CASE WHEN i % 2 = 0 THEN 'female' ELSE 'male' END AS sex
        FROM range({persons}) t(i)""",
}  # fmt: skip


def write(lines: int, folder: Path, *, memory_limit: str = "2GB") -> dict[str, Path]:
    """One Parquet file per canonical table of about ``lines`` lines, below ``folder``, by name; what is there stays."""
    files = {name: folder / f"{name}.parquet" for name in _TABLES}
    if all(file.exists() for file in files.values()):
        return files
    folder.mkdir(parents=True, exist_ok=True)
    n, persons = int(lines / _LINES_A_CLAIM / 1.09), max(100, lines // 20)
    with duckdb.connect(str(folder / "making.duckdb"), config={"memory_limit": memory_limit}) as connection:
        connection.execute("SET preserve_insertion_order = false")
        connection.execute(f"CREATE TABLE headers AS {_HEADERS.format(n=n, persons=persons)}")
        connection.execute(f"CREATE TABLE made_lines AS {_LINES}")
        connection.execute(
            "CREATE TABLE made_answers AS SELECT *, CASE WHEN is_denied THEN 0 ELSE CAST(charge * 0.6 AS DECIMAL(18,2)) END "
            "AS paid, CASE WHEN is_denied THEN 0 ELSE CAST(charge * 0.1 AS DECIMAL(18,2)) END AS share FROM made_lines"
        )
        for name, file in files.items():
            select = _TABLES[name].replace("{persons}", str(persons))
            connection.execute(f"COPY ({select}) TO '{file}' (FORMAT parquet, ROW_GROUP_SIZE 200000)")
    (folder / "making.duckdb").unlink()
    return files
