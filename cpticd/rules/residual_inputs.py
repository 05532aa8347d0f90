"""What ``residual`` reads: services by day, which of their denials no rule explains, clusters with enough of these."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from cpticd.claims import Claims
from cpticd.core.frames import to_frame

KEYS: Final = ("payer", "hcpcs_code", "diagnosis_family", "carc")
#: The family of a cluster that is the procedure as a whole.
ANY: Final = "(any)"
#: Services that the payer's overall rate weighs beside a quarter's own: small quarters are not taken at their word.
PRIOR_SERVICES: Final = 10
_RELATIONS: Final = ("residual_explained", "residual_lines", "residual_services", "residual_members",
                     "residual_denied", "residual_drift", "residual_clusters")  # fmt: skip

_EXPLAINED: Final = """
    SELECT DISTINCT f.claim_id, f.claim_line_number
    FROM outcome_flags f
    JOIN line_outcomes o ON o.claim_id = f.claim_id AND o.claim_line_number = f.claim_line_number
    LEFT JOIN residual_related m ON m.rule = f.rule AND m.category = o.denial_category
    LEFT JOIN (SELECT DISTINCT rule FROM residual_related) k ON k.rule = f.rule
    WHERE f.decides = 1 AND o.initial_outcome = 'denied' AND (m.rule IS NOT NULL OR k.rule IS NULL)
"""
_LINES: Final = """
    SELECT dense_rank() OVER (ORDER BY o.claim_id, o.hcpcs_code, {day}) AS service,
        o.claim_id, o.claim_line_number, o.payer, o.person_id, o.hcpcs_code, {day} AS day,
        CAST(date_trunc('quarter', {day}) AS DATE) AS quarter,
        CASE WHEN o.initial_outcome = 'denied' THEN 1 ELSE 0 END AS denied,
        CASE WHEN e.claim_id IS NOT NULL THEN 1 ELSE 0 END AS explained,
        coalesce(o.denial_carc, '(none)') AS carc, o.denial_category AS category,
        CAST(coalesce(o.denied_amount, 0) AS DOUBLE) AS amount
    FROM line_outcomes o
    LEFT JOIN residual_explained e ON e.claim_id = o.claim_id AND e.claim_line_number = o.claim_line_number
    WHERE o.initial_outcome <> 'not adjudicated' AND o.hcpcs_code IS NOT NULL AND {day} IS NOT NULL
"""
_SERVICES: Final = """
    SELECT service, min(payer) AS payer, min(hcpcs_code) AS hcpcs_code, min(day) AS day, min(quarter) AS quarter,
        min(person_id) AS person_id, max(CASE WHEN denied = 1 AND explained = 0 THEN 1 ELSE 0 END) AS unexplained
    FROM residual_lines GROUP BY service
"""
_MEMBERS: Final = f"""
    SELECT DISTINCT l.service, substr(p.diagnosis_code, 1, {{characters}}) AS diagnosis_family
    FROM residual_lines l
    JOIN pairs p ON p.claim_id = l.claim_id AND p.claim_line_number = l.claim_line_number
    WHERE p.diagnosis_code IS NOT NULL
    UNION ALL
    SELECT service, '{ANY}' AS diagnosis_family FROM residual_services
"""
_DENIED: Final = """
    SELECT service, carc, min(category) AS category, count(*) AS lines, sum(amount) AS amount
    FROM residual_lines WHERE denied = 1 AND explained = 0 GROUP BY service, carc
"""
#: How often the payer denies services of other procedures in a quarter: what a cluster's own should move with.
#: A payer that denies everything, or nothing, still has odds: its rate is kept from 0 and 1.
_DRIFT: Final = f"""
    WITH quarters AS (
        SELECT payer, hcpcs_code, quarter, CAST(count(*) AS DOUBLE) AS n, CAST(sum(unexplained) AS DOUBLE) AS d
        FROM residual_services GROUP BY payer, hcpcs_code, quarter
    ),
    by_payer AS (SELECT payer, quarter, sum(n) AS n, sum(d) AS d FROM quarters GROUP BY payer, quarter),
    overall AS (SELECT payer, sum(d) / sum(n) AS rate FROM quarters GROUP BY payer)
    SELECT q.payer, q.hcpcs_code, q.quarter,
        (p.d - q.d + {PRIOR_SERVICES} * (o.rate + 0.001) / 1.002) / (p.n - q.n + {PRIOR_SERVICES}) AS rate
    FROM quarters q
    JOIN by_payer p ON p.payer = q.payer AND p.quarter = q.quarter
    JOIN overall o ON o.payer = q.payer
"""
_CLUSTERS: Final = """
    SELECT CAST(row_number() OVER (ORDER BY payer, hcpcs_code, diagnosis_family, carc) AS INTEGER) AS cluster, *
    FROM (
        SELECT s.payer, s.hcpcs_code, m.diagnosis_family, d.carc
        FROM residual_denied d
        JOIN residual_services s ON s.service = d.service
        JOIN residual_members m ON m.service = d.service
        GROUP BY s.payer, s.hcpcs_code, m.diagnosis_family, d.carc
        HAVING count(*) >= $minimum
    ) enough
"""
_CELLS: Final = """
    SELECT c.cluster, c.payer, c.hcpcs_code, c.diagnosis_family, c.carc, s.day,
        count(*) AS services, count(d.service) AS denied, min(w.rate / (1 - w.rate)) AS odds
    FROM residual_clusters c
    JOIN residual_services s ON s.payer = c.payer AND s.hcpcs_code = c.hcpcs_code
    JOIN residual_members m ON m.service = s.service AND m.diagnosis_family = c.diagnosis_family
    JOIN residual_drift w ON w.payer = s.payer AND w.hcpcs_code = s.hcpcs_code AND w.quarter = s.quarter
    LEFT JOIN residual_denied d ON d.service = s.service AND d.carc = c.carc
    GROUP BY c.cluster, c.payer, c.hcpcs_code, c.diagnosis_family, c.carc, s.day
    ORDER BY c.cluster, s.day
"""
_SERVICES_OF: Final = """
    SELECT c.payer, c.hcpcs_code, c.diagnosis_family, c.carc, s.service, s.day, s.person_id,
        w.rate / (1 - w.rate) AS odds,
        CASE WHEN d.service IS NULL THEN 0 ELSE 1 END AS denied, d.category,
        coalesce(d.lines, 0) AS lines, coalesce(d.amount, 0) AS amount
    FROM residual_wanted c
    JOIN residual_services s ON s.payer = c.payer AND s.hcpcs_code = c.hcpcs_code
    JOIN residual_members m ON m.service = s.service AND m.diagnosis_family = c.diagnosis_family
    JOIN residual_drift w ON w.payer = s.payer AND w.hcpcs_code = s.hcpcs_code AND w.quarter = s.quarter
    LEFT JOIN residual_denied d ON d.service = s.service AND d.carc = c.carc
    ORDER BY c.payer, c.hcpcs_code, c.diagnosis_family, c.carc, s.day, s.service
"""
_ELSEWHERE: Final = """
    SELECT c.number, count(s.service) AS services, count(CASE WHEN s.service IS NOT NULL THEN d.service END) AS denied
    FROM residual_wanted c
    LEFT JOIN residual_members m ON m.diagnosis_family = c.diagnosis_family
    LEFT JOIN residual_services s
        ON s.service = m.service AND s.hcpcs_code = c.hcpcs_code AND s.payer <> c.payer AND s.day >= c.start_date
    LEFT JOIN residual_denied d ON d.service = s.service AND d.carc = c.carc
    GROUP BY c.number ORDER BY c.number
"""


@contextmanager
def prepared(claims: Claims, table: pa.Table, *, clock: str, characters: int) -> Iterator[dict[str, int]]:
    """Relations ``residual_*`` while it lasts, over those of ``outcomes.findings_of``; yields what they count."""
    engine = claims.engine
    day = "o.service_date" if clock == "service" else "o.first_paid_date"
    try:
        engine.load("residual_related", table.select(["rule", "category"]))
        engine.create("residual_explained", _EXPLAINED, materialize=True)
        engine.create("residual_lines", _LINES.format(day=day), materialize=True)
        engine.create("residual_services", _SERVICES, materialize=True)
        engine.create("residual_members", _MEMBERS.format(characters=int(characters)), materialize=True)
        engine.create("residual_denied", _DENIED, materialize=True)
        engine.create("residual_drift", _DRIFT, materialize=True)
        counts = engine.fetch(
            """
            SELECT (SELECT count(*) FROM line_outcomes WHERE initial_outcome <> 'not adjudicated')
                    - (SELECT count(*) FROM residual_lines) AS left_out,
                (SELECT count(*) FROM residual_lines WHERE denied = 1 AND explained = 0) AS unexplained,
                (SELECT count(*) FROM residual_lines WHERE denied = 1 AND explained = 1) AS explained
            """
        )
        yield counts.to_pylist()[0]
    finally:
        for name in (*_RELATIONS[::-1], "residual_wanted", "residual_related"):
            engine.drop(name)


def cells(claims: Claims, minimum: int) -> pd.DataFrame:
    """One row per cluster with enough denials and day: its keys, services, denied, odds (the payer's)."""
    engine = claims.engine
    sql = _CLUSTERS.replace("$minimum", str(int(minimum)))
    engine.create("residual_clusters", sql, materialize=True)
    return to_frame(engine.fetch(_CELLS))


def services(claims: Claims, clusters: pd.DataFrame) -> pd.DataFrame:
    """One row per cluster and service of it: service, day, person_id, odds, denied, category, lines, amount."""
    schema = pa.schema([(name, pa.string()) for name in KEYS])
    claims.engine.load("residual_wanted", pa.Table.from_pandas(clusters, schema=schema, preserve_index=False))
    return to_frame(claims.engine.fetch(_SERVICES_OF))


def elsewhere(claims: Claims, chosen: list[tuple[tuple[Any, ...], pd.Timestamp]]) -> pd.DataFrame:
    """One row per cluster (keys and start), in order: other payers' services since then, and those denied so."""
    columns = {name: [key[i] for key, _ in chosen] for i, name in enumerate(KEYS)}
    wanted = pa.table(
        {
            "number": pa.array(range(len(chosen)), pa.int32()),
            **{name: pa.array(values, pa.string()) for name, values in columns.items()},
            "start_date": pa.array([start.date() for _, start in chosen], pa.date32()),
        }
    )
    claims.engine.load("residual_wanted", wanted)
    return to_frame(claims.engine.fetch(_ELSEWHERE))
