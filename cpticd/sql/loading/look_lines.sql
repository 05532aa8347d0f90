-- Up to five service lines of a sample as they are loaded, those of different outcomes first.
WITH chosen AS (
    SELECT claim_id, claim_line_number, initial_outcome,
        row_number() OVER (PARTITION BY initial_outcome ORDER BY claim_id, claim_line_number) AS nth
    FROM line_outcomes
    WHERE claim_line_number > 0
),
few AS (SELECT * FROM chosen ORDER BY nth, claim_id, claim_line_number LIMIT 5),
codes AS (
    SELECT d.claim_id, string_agg(d.diagnosis_code, ', ' ORDER BY d.diagnosis_position) AS diagnoses
    FROM diagnoses d SEMI JOIN few f ON f.claim_id = d.claim_id GROUP BY d.claim_id
),
reasons AS (
    SELECT claim_id, claim_line_number, string_agg(DISTINCT concat_ws('-', group_code, carc), ', ') AS reasons
    FROM adjustments a WHERE claim_id IN (SELECT claim_id FROM few) GROUP BY claim_id, claim_line_number
)
SELECT
    f.claim_id, f.claim_line_number AS line, coalesce(l.claim_line_start_date, c.claim_start_date) AS date, c.person_id,
    nullif(o.payer, '(unknown)') AS payer, l.hcpcs_code,
    nullif(concat_ws(' ', l.hcpcs_modifier_1, l.hcpcs_modifier_2), '') AS modifiers, l.revenue_center_code, d.diagnoses,
    l.charge_amount, o.allowed_amount, o.paid_amount, nullif(r.reasons, '') AS reasons, f.initial_outcome AS outcome
FROM few f
JOIN lines l ON l.claim_id = f.claim_id AND l.claim_line_number = f.claim_line_number
JOIN claims c ON c.claim_id = f.claim_id
LEFT JOIN line_outcomes o ON o.claim_id = f.claim_id AND o.claim_line_number = f.claim_line_number
LEFT JOIN codes d ON d.claim_id = f.claim_id
LEFT JOIN reasons r ON r.claim_id = f.claim_id AND r.claim_line_number = f.claim_line_number
ORDER BY f.claim_id, f.claim_line_number
