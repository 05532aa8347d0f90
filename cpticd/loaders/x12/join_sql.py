"""The statements that join remittances to claims: see ``join`` for what they decide, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# A number that stands for this many pairs of claim and remittance names nobody: person and charge must agree.
_TOO_MANY = 100_000

SERVICES = """
CREATE TEMP TABLE x12_service AS
SELECT s.key AS remit, s.ordinal, s.control, coalesce(s.submitted_hcpcs_code, s.hcpcs_code) AS code,
    s.revenue_center_code AS revenue, abs(s.charge_amount) AS charge,
    coalesce(s.start_date, r.start_date) AS day
FROM x12_services s JOIN x12_remits r ON r.key = s.key
"""
#: Claims that remittances may answer: those of the files, and those of other files (``x12_known``).
CLAIMS = """
CREATE TEMP VIEW x12_every_claim AS
SELECT key, source_claim_id, person_id, member_id, charge_amount, start_date, end_date,
    original_payer_claim_id, true AS is_own
FROM x12_claims
UNION ALL BY NAME
SELECT * EXCLUDE (claim_id, decisions), false AS is_own FROM x12_known;
CREATE TEMP VIEW x12_every_line AS
SELECT key, line, control, counter, hcpcs_code, revenue_center_code, charge_amount, start_date, end_date
FROM x12_lines
UNION ALL BY NAME SELECT * FROM x12_known_lines
"""
DAYS = """
CREATE TEMP TABLE x12_claim_days AS
SELECT c.key, coalesce(c.start_date, l.first_day) AS first_day,
    coalesce(c.end_date, l.last_day, c.start_date) AS last_day
FROM x12_every_claim c
LEFT JOIN (SELECT key, min(start_date) AS first_day, max(coalesce(end_date, start_date)) AS last_day
    FROM x12_every_line GROUP BY key) l ON l.key = c.key;
CREATE TEMP TABLE x12_remit_days AS
SELECT r.key, coalesce(r.start_date, s.first_day) AS day
FROM x12_remits r
LEFT JOIN (SELECT remit, min(day) AS first_day FROM x12_service GROUP BY remit) s ON s.remit = r.key
"""
CROWDED = f"""
CREATE TEMP TABLE x12_crowded AS
SELECT number FROM (SELECT source_claim_id AS number, count(*) AS n FROM x12_every_claim GROUP BY 1) c
JOIN (SELECT source_claim_id AS number, count(*) AS n FROM x12_remits GROUP BY 1) r USING (number)
WHERE c.n * r.n > {_TOO_MANY}
"""
CANDIDATES = """
CREATE TEMP TABLE x12_candidate AS
WITH facts AS (
    SELECT r.key AS remit, c.key AS claim,
        r.person_id = c.person_id OR coalesce(r.member_id = c.member_id, false) AS same_person,
        abs(r.charge_amount) = abs(c.charge_amount) AS same_charge,
        rd.day BETWEEN cd.first_day AND cd.last_day AS same_days,
        coalesce(c.original_payer_claim_id = r.payer_claim_id, false) AS names_it, c.is_own
    FROM x12_remits r
    JOIN x12_every_claim c ON c.source_claim_id = r.source_claim_id
    JOIN x12_claim_days cd ON cd.key = c.key
    JOIN x12_remit_days rd ON rd.key = r.key
    WHERE r.source_claim_id NOT IN (SELECT number FROM x12_crowded)
        OR (r.person_id = c.person_id AND r.charge_amount = c.charge_amount)
),
scored AS (
    SELECT remit, claim,
        CASE WHEN same_person THEN 4 ELSE 0 END + CASE WHEN same_charge THEN 2 ELSE 0 END
            + CASE WHEN same_days THEN 1 ELSE 0 END AS agreement,
        names_it, is_own,
        coalesce(same_person, same_charge, same_days) IS NULL AS nothing_known
    FROM facts
)
-- A claim that names the adjudication's number as its original replaces the claim that was adjudicated.
-- Of claims that agree as well, those of an 837 go before those of other files.
SELECT remit, claim, 2 * agreement - CASE WHEN names_it THEN 16 ELSE 0 END + CASE WHEN is_own THEN 1 ELSE 0 END
    AS score
FROM scored WHERE agreement > 0 OR nothing_known
"""
MATCH = """
CREATE TEMP TABLE x12_match AS
WITH best AS (
    SELECT remit, list(claim ORDER BY claim) AS claims
    FROM (SELECT remit, claim, score, max(score) OVER (PARTITION BY remit) AS top FROM x12_candidate)
    WHERE score = top GROUP BY remit
),
ordered AS (
    SELECT b.remit, b.claims, r.paid_date, coalesce(r.claim_status_code, '') AS status,
        lag(coalesce(r.claim_status_code, '')) OVER (PARTITION BY b.claims ORDER BY r.paid_date, r.key)
            AS before
    FROM best b JOIN x12_remits r ON r.key = b.remit
),
-- Equal claims are taken in order; a reversal and what follows it stay with the claim before.
counted AS (
    SELECT remit, claims,
        sum(CASE WHEN before IS NULL OR (status <> '22' AND before <> '22') THEN 1 ELSE 0 END)
        OVER (PARTITION BY claims ORDER BY paid_date, remit ROWS UNBOUNDED PRECEDING) AS turn
    FROM ordered
)
SELECT remit, claims[least(CAST(turn AS BIGINT), len(claims))] AS claim FROM counted
"""
GROUP = """
CREATE TEMP TABLE x12_link AS
WITH alone AS (
    SELECT r.key, r.set_key, r.paid_date, coalesce(r.claim_status_code, '') AS status,
        coalesce(r.source_claim_id, '#' || r.key) AS number, coalesce(r.payer, '') AS payer,
        coalesce(r.person_id, '') AS person, coalesce(abs(r.charge_amount), -1) AS charge, d.day
    FROM x12_remits r JOIN x12_remit_days d ON d.key = r.key
    WHERE r.key NOT IN (SELECT remit FROM x12_match)
),
steps AS (
    SELECT *, lag(status) OVER w AS before, lag(set_key) OVER w AS set_before
    FROM alone WINDOW w AS (PARTITION BY number, payer, person, charge, day ORDER BY paid_date, key)
),
turns AS (
    SELECT *, sum(CASE WHEN before IS NULL OR (set_key = set_before AND status <> '22' AND before <> '22')
        THEN 1 ELSE 0 END) OVER (
            PARTITION BY number, payer, person, charge, day ORDER BY paid_date, key ROWS UNBOUNDED PRECEDING
        ) AS turn
    FROM steps
),
linked AS (
    SELECT key AS remit, min(key) OVER (PARTITION BY number, payer, person, charge, day, turn) AS claim,
        false AS matched
    FROM turns
    UNION ALL
    SELECT remit, claim, true FROM x12_match
)
SELECT l.remit, l.claim, l.matched,
    CAST(coalesce(k.decisions, 0) + row_number() OVER (
        PARTITION BY l.claim ORDER BY r.paid_date NULLS LAST, l.remit) AS INTEGER) AS number
FROM linked l JOIN x12_remits r ON r.key = l.remit LEFT JOIN x12_known k ON k.key = l.claim
"""
# The remittance that stands in for a claim that was not seen: its first adjudication that is no reversal.
ORIGIN = """
CREATE TEMP TABLE x12_origin AS
SELECT claim, remit FROM (
    SELECT l.claim, l.remit, row_number() OVER (
        PARTITION BY l.claim ORDER BY CASE WHEN r.claim_status_code = '22' THEN 1 ELSE 0 END, l.number
    ) AS place
    FROM x12_link l JOIN x12_remits r ON r.key = l.remit WHERE NOT l.matched
) WHERE place = 1
"""
CLAIM_LINES = """
CREATE TEMP TABLE x12_claim_line AS
SELECT key AS claim, line, control, counter, hcpcs_code AS code, revenue_center_code AS revenue,
    abs(charge_amount) AS charge, start_date AS day
FROM x12_every_line WHERE key IN (SELECT claim FROM x12_link)
UNION ALL
SELECT o.claim, s.ordinal, s.control, CAST(NULL AS VARCHAR), s.code, s.revenue, s.charge, s.day
FROM x12_origin o JOIN x12_service s ON s.remit = o.remit;
CREATE TEMP TABLE x12_line_match AS
SELECT o.remit, s.ordinal, s.ordinal AS line FROM x12_origin o JOIN x12_service s ON s.remit = o.remit
"""
#: What a service line and a claim line must share, from the surest to the least sure; equals are taken in
#: order.
PASSES = (
    ("s.control", "l.control", "s.code", "l.code", "s.charge", "l.charge"),
    ("s.control", "l.control"),
    (
        "ltrim(s.control, '0')",
        "CASE WHEN l.control IS NULL THEN ltrim(l.counter, '0') END",
        "s.code",
        "l.code",
    ),
    ("s.code", "l.code", "s.day", "l.day", "s.charge", "l.charge"),
    ("s.code", "l.code", "s.charge", "l.charge"),
    ("s.code", "l.code", "s.day", "l.day"),
    ("s.code", "l.code"),
    ("s.revenue", "l.revenue", "s.charge", "l.charge"),
    ("s.charge", "l.charge", "s.day", "l.day"),
    ("s.charge", "l.charge"),
)
IDS = """
CREATE TEMP TABLE x12_id AS
WITH every AS (
    SELECT key, source_claim_id AS number FROM x12_claims
    UNION ALL
    SELECT o.claim, r.source_claim_id FROM x12_origin o JOIN x12_remits r ON r.key = o.remit
),
first_try AS (
    SELECT key, CASE WHEN number IS NOT NULL AND taken.claim_id IS NULL
        AND count(*) OVER (PARTITION BY number) = 1
        THEN number
        ELSE coalesce(number, 'claim') || '#' || row_number() OVER (PARTITION BY number
            ORDER BY key) END AS claim_id
    FROM every LEFT JOIN x12_taken taken ON taken.claim_id = number
)
-- A number made up here may be another sender's own number: then the place settles it.
SELECT f.key, CASE WHEN taken.claim_id IS NOT NULL OR count(*) OVER (PARTITION BY f.claim_id) > 1
    THEN f.claim_id || '/' || f.key ELSE f.claim_id END AS claim_id
FROM first_try f LEFT JOIN x12_taken taken ON taken.claim_id = f.claim_id
UNION ALL SELECT key, claim_id FROM x12_known
"""
#: Claims of the files whose number a claim of other files has.
RENAMED = """
SELECT s.name AS source, count(*) AS claims, min(c.source_claim_id) AS old,
    arg_min(i.claim_id, c.source_claim_id) AS new
FROM x12_claims c JOIN x12_taken t ON t.claim_id = c.source_claim_id JOIN x12_id i ON i.key = c.key
JOIN x12_sources s ON s.number = c.key >> 32
GROUP BY s.name ORDER BY s.name
"""
_MODIFIERS = ", ".join(f"hcpcs_modifier_{k}" for k in range(1, 5))
_SUBMITTED = ", ".join(
    f"CASE WHEN s.submitted_hcpcs_code IS NULL THEN s.hcpcs_modifier_{k} ELSE s.submitted_modifier_{k} END "
    f"AS hcpcs_modifier_{k}"
    for k in range(1, 5)
)
_CHILD = (
    "SELECT i.claim_id, t.* EXCLUDE (key), s._source FROM {staged} t JOIN x12_id i ON i.key = t.key "
    "JOIN x12_sources s ON s.number = t.key >> 32"
)

#: SELECT of each canonical table from the staged ones, in order.
INSERTS: Final[Mapping[str, tuple[str, ...]]] = {
    "claims": (
        """
        SELECT i.claim_id, c.source_claim_id, c.claim_type, c.person_id, c.payer, c.payer_kind, c.billing_npi,
            c.billing_taxonomy, c.facility_npi,
            c.place_of_service_code,
            c.bill_type_code, c.frequency_code, c.original_payer_claim_id,
                d.first_day AS claim_start_date,
            d.last_day AS claim_end_date, coalesce(v.received_date, c.sent_date) AS received_date,
                c.charge_amount,
            s.name AS data_source, s._source
        FROM x12_claims c JOIN x12_id i ON i.key = c.key JOIN x12_claim_days d ON d.key = c.key
        JOIN x12_sources s ON s.number = c.key >> 32
        LEFT JOIN (SELECT l.claim, arg_min(r.received_date, l.number) AS received_date FROM x12_link l
            JOIN x12_remits r ON r.key = l.remit WHERE r.received_date IS NOT NULL GROUP BY l.claim) v
                ON v.claim = c.key
        """,
        """
        SELECT i.claim_id, r.source_claim_id, r.person_id, r.payer, r.billing_npi, r.frequency_code,
            d.day AS claim_start_date, coalesce(r.end_date, e.last_day, d.day) AS claim_end_date,
                r.received_date,
            r.charge_amount, s.name AS data_source, s._source
        FROM x12_origin o JOIN x12_id i ON i.key = o.claim JOIN x12_remits r ON r.key = o.remit
        JOIN x12_remit_days d ON d.key = r.key JOIN x12_sources s ON s.number = r.key >> 32
        LEFT JOIN (SELECT key, max(coalesce(end_date, start_date)) AS last_day
            FROM x12_services GROUP BY key) e
            ON e.key = r.key
        """,
    ),
    "lines": (
        f"""
        SELECT i.claim_id, l.line AS claim_line_number, coalesce(l.start_date,
            c.start_date) AS claim_line_start_date,
            coalesce(l.end_date, l.start_date, c.end_date) AS claim_line_end_date, l.hcpcs_code, {_MODIFIERS},
            l.revenue_center_code, l.service_unit_quantity,
            coalesce(l.place_of_service_code, c.place_of_service_code) AS place_of_service_code,
                l.rendering_npi,
            l.rendering_taxonomy, l.charge_amount, s._source
        FROM x12_lines l JOIN x12_id i ON i.key = l.key JOIN x12_sources s ON s.number = l.key >> 32
        LEFT JOIN (SELECT key, place_of_service_code,
            CASE WHEN claim_type = 'professional' THEN start_date END AS start_date,
            CASE WHEN claim_type = 'professional' THEN end_date END AS end_date FROM x12_claims) c
                ON c.key = l.key
        """,
        f"""
        SELECT i.claim_id, s.ordinal AS claim_line_number, coalesce(s.start_date,
            r.start_date) AS claim_line_start_date,
            coalesce(s.end_date, s.start_date, r.end_date) AS claim_line_end_date,
            coalesce(s.submitted_hcpcs_code, s.hcpcs_code) AS hcpcs_code, {_SUBMITTED}, s.revenue_center_code,
            coalesce(s.submitted_unit_quantity, s.service_unit_quantity) AS service_unit_quantity,
                r.rendering_npi,
            s.charge_amount, z._source
        FROM x12_origin o JOIN x12_services s ON s.key = o.remit JOIN x12_remits r ON r.key = o.remit
        JOIN x12_id i ON i.key = o.claim JOIN x12_sources z ON z.number = s.key >> 32
        """,
    ),
    "diagnoses": (_CHILD.format(staged="x12_diagnoses"),),
    "pointers": (
        "SELECT i.claim_id, t.line AS claim_line_number, t.pointer_position, t.diagnosis_position, s._source "
        "FROM x12_pointers t JOIN x12_id i ON i.key = t.key JOIN x12_sources s ON s.number = t.key >> 32",
    ),
    "procedures": (_CHILD.format(staged="x12_procedures"),),
    "adjudications": (
        """
        SELECT i.claim_id, l.number AS adjudication_number, r.payer, r.paid_date, r.claim_status_code,
            r.charge_amount,
            r.paid_amount, r.patient_responsibility_amount, r.payer_claim_id, s.name AS data_source, s._source
        FROM x12_remits r JOIN x12_link l ON l.remit = r.key JOIN x12_id i ON i.key = l.claim
        JOIN x12_sources s ON s.number = r.key >> 32
        """,
    ),
    "line_payments": (
        f"""
        SELECT i.claim_id, l.number AS adjudication_number, n.line AS claim_line_number, t.hcpcs_code,
            t.submitted_hcpcs_code, {_MODIFIERS}, t.revenue_center_code, t.charge_amount, t.allowed_amount,
                t.paid_amount,
            t.service_unit_quantity, coalesce(t.start_date, r.start_date) AS service_date, s._source
        FROM x12_services t JOIN x12_remits r ON r.key = t.key JOIN x12_link l ON l.remit = t.key
        JOIN x12_id i ON i.key = l.claim JOIN x12_line_number n ON n.remit = t.key AND n.ordinal = t.ordinal
        JOIN x12_sources s ON s.number = t.key >> 32
        """,
    ),
    "adjustments": (
        """
        SELECT i.claim_id, l.number AS adjudication_number, n.line AS claim_line_number,
            t.adjustment_position,
            t.group_code, t.carc, t.amount, t.quantity, s._source
        FROM x12_adjustments t JOIN x12_link l ON l.remit = t.key JOIN x12_id i ON i.key = l.claim
        LEFT JOIN x12_line_number n ON n.remit = t.key AND n.ordinal = t.ordinal
        JOIN x12_sources s ON s.number = t.key >> 32
        """,
    ),
    "remarks": (
        """
        SELECT i.claim_id, l.number AS adjudication_number, n.line AS claim_line_number, t.remark_position,
            t.rarc,
            s._source
        FROM x12_remarks t JOIN x12_link l ON l.remit = t.key JOIN x12_id i ON i.key = l.claim
        LEFT JOIN x12_line_number n ON n.remit = t.key AND n.ordinal = t.ordinal
        JOIN x12_sources s ON s.number = t.key >> 32
        """,
    ),
    "provider_adjustments": (
        """
        SELECT s.name AS data_source, CAST(row_number() OVER (PARTITION BY s.number ORDER BY t.key,
            t.place) AS INTEGER)
            AS adjustment_number, t.payer, t.paid_date, t.provider_id, t.fiscal_period_date,
                t.adjustment_reason_code,
            t.reference_id, t.amount, s._source
        FROM x12_provider_adjustments t JOIN x12_sources s ON s.number = t.key >> 32
        """,
    ),
    "members": (
        """
        SELECT c.person_id, CAST(year(d.first_day) AS INTEGER) AS year, min(c.birth_date) AS birth_date,
            min(CASE c.sex WHEN 'F' THEN 'female' WHEN 'M' THEN 'male' WHEN 'U' THEN 'unknown' END) AS sex,
            min(s._source) AS _source
        FROM x12_claims c JOIN x12_claim_days d ON d.key = c.key JOIN x12_sources s ON s.number = c.key >> 32
        WHERE c.person_id IS NOT NULL AND d.first_day IS NOT NULL
            AND (c.birth_date IS NOT NULL OR c.sex IS NOT NULL)
            AND NOT EXISTS (SELECT 1 FROM x12_given_members m WHERE m.person_id = c.person_id
                AND m.year = year(d.first_day))
        GROUP BY 1, 2
        """,
    ),
}
