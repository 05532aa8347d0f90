-- One row per service that stands, as its last version was billed: what the fee schedule of its day says it is worth,
-- times units and what its modifiers take of it; why, where nothing is said. Dollars are those of all payers.
WITH billed AS MATERIALIZED (
    SELECT o.claim_id, o.claim_line_number, o.person_id, o.payer, o.place, o.service_date, o.initial_outcome,
        o.final_outcome, o.denial_category, o.denial_carc, o.first_paid_date,
        coalesce(m.hcpcs_code, o.hcpcs_code) AS hcpcs_code,
        m.hcpcs_modifier_1, m.hcpcs_modifier_2, m.hcpcs_modifier_3, m.hcpcs_modifier_4,
        CASE WHEN m.service_unit_quantity > 0 THEN CAST(m.service_unit_quantity AS DOUBLE) ELSE 1 END AS units,
        CASE WHEN m.service_unit_quantity > 0 THEN 0 ELSE 1 END AS unit_assumed,
        CASE WHEN o.claim_type = 'institutional' OR c.bill_type_code IS NOT NULL THEN 1 ELSE 0 END AS institutional,
        w.setting AS place_setting,
        CAST(coalesce(o.allowed_amount, 0) AS DOUBLE) AS allowed_amount,
        CAST(coalesce(o.paid_amount, 0) AS DOUBLE) AS paid_amount,
        CASE WHEN '26' IN (m.hcpcs_modifier_1, m.hcpcs_modifier_2, m.hcpcs_modifier_3, m.hcpcs_modifier_4) THEN '26'
             WHEN 'TC' IN (m.hcpcs_modifier_1, m.hcpcs_modifier_2, m.hcpcs_modifier_3, m.hcpcs_modifier_4) THEN 'TC'
             WHEN '53' IN (m.hcpcs_modifier_1, m.hcpcs_modifier_2, m.hcpcs_modifier_3, m.hcpcs_modifier_4) THEN '53'
             ELSE '' END AS component
    FROM services o
    JOIN claims c ON c.claim_id = o.claim_id
    LEFT JOIN lines m ON m.claim_id = coalesce(o.last_claim_id, o.claim_id)
        AND m.claim_line_number = coalesce(o.last_claim_line_number, o.claim_line_number)
    LEFT JOIN value_places w ON w.code = coalesce(m.place_of_service_code, c.place_of_service_code)
    WHERE NOT coalesce(o.is_void, FALSE) AND o.final_outcome <> 'void' AND o.claim_line_number > 0
),
modified AS (
    SELECT claim_id, claim_line_number, hcpcs_modifier_1 AS modifier FROM billed WHERE hcpcs_modifier_1 IS NOT NULL
    UNION
    SELECT claim_id, claim_line_number, hcpcs_modifier_2 FROM billed WHERE hcpcs_modifier_2 IS NOT NULL
    UNION
    SELECT claim_id, claim_line_number, hcpcs_modifier_3 FROM billed WHERE hcpcs_modifier_3 IS NOT NULL
    UNION
    SELECT claim_id, claim_line_number, hcpcs_modifier_4 FROM billed WHERE hcpcs_modifier_4 IS NOT NULL
),
listed AS MATERIALIZED (
    SELECT b.*, f.code IS NOT NULL AS is_listed, f.status, coalesce(f.bilateral, '') AS bilateral, f.work_rvu,
        CASE WHEN b.place_setting = 'facility' THEN coalesce(f.practice_rvu_facility, f.practice_rvu_nonfacility)
             ELSE coalesce(f.practice_rvu_nonfacility, f.practice_rvu_facility) END AS practice_rvu,
        f.malpractice_rvu,
        CASE WHEN b.place_setting = 'facility' THEN coalesce(f.total_rvu_facility, f.total_rvu_nonfacility)
             ELSE coalesce(f.total_rvu_nonfacility, f.total_rvu_facility) END AS total_rvu
    FROM billed b
    LEFT JOIN value_schedule f ON f.code = b.hcpcs_code AND f.modifier = b.component
        AND b.service_date >= f.effective_from AND b.service_date <= f.effective_to
),
parts AS (
    SELECT l.claim_id, l.claim_line_number, exp(sum(ln(v.factor))) AS factor,
        max(CASE WHEN v.factor IS NULL AND l.component <> v.modifier THEN 1 ELSE 0 END) AS unknown
    FROM listed l
    JOIN modified m ON m.claim_id = l.claim_id AND m.claim_line_number = l.claim_line_number
    JOIN value_modifiers v ON v.modifier = m.modifier AND (v.bilateral = '' OR v.bilateral = l.bilateral)
    GROUP BY l.claim_id, l.claim_line_number
),
codes AS (SELECT DISTINCT code FROM value_schedule),
days AS (SELECT DISTINCT effective_from, effective_to FROM value_schedule),
reached AS (
    SELECT DISTINCT b.service_date
    FROM (SELECT DISTINCT service_date FROM billed) b
    JOIN days d ON b.service_date >= d.effective_from AND b.service_date <= d.effective_to
),
judged AS (
    SELECT l.*, coalesce(p.factor, 1) * l.units AS times,
        coalesce(l.total_rvu, l.work_rvu + l.practice_rvu + l.malpractice_rvu, 0) AS whole_rvu,
        CASE WHEN l.hcpcs_code IS NULL THEN 'no procedure code'
             WHEN l.institutional = 1 THEN 'institutional bill'
             WHEN r.service_date IS NULL THEN 'no release of the schedule for the day'
             WHEN k.code IS NULL THEN 'code not in the schedule'
             WHEN NOT l.is_listed OR coalesce(p.unknown, 0) = 1 THEN 'no fixed value for its modifier, or not on the day'
             WHEN coalesce(l.total_rvu, l.work_rvu + l.practice_rvu + l.malpractice_rvu, 0) <= 0
                 THEN 'no relative value (status ' || l.status || ')'
        END AS reason
    FROM listed l
    LEFT JOIN parts p ON p.claim_id = l.claim_id AND p.claim_line_number = l.claim_line_number
    LEFT JOIN codes k ON k.code = l.hcpcs_code
    LEFT JOIN reached r ON r.service_date = l.service_date
)
SELECT claim_id, claim_line_number, person_id, payer, place, service_date, initial_outcome, final_outcome,
    denial_category, denial_carc, first_paid_date, hcpcs_code, reason, unit_assumed, place_setting, units,
    CASE WHEN reason IS NULL THEN 1 ELSE 0 END AS valued,
    CASE WHEN reason IS NULL THEN coalesce(work_rvu, 0) * times ELSE 0 END AS work_rvu,
    CASE WHEN reason IS NULL THEN coalesce(practice_rvu, 0) * times ELSE 0 END AS practice_rvu,
    CASE WHEN reason IS NULL THEN coalesce(malpractice_rvu, 0) * times ELSE 0 END AS malpractice_rvu,
    CASE WHEN reason IS NULL THEN whole_rvu * times ELSE 0 END AS total_rvu,
    CASE WHEN reason IS NULL AND final_outcome IN ('paid', 'partly denied', 'denied', 'nothing paid') THEN 1 ELSE 0 END AS decided,
    allowed_amount, paid_amount
FROM judged
