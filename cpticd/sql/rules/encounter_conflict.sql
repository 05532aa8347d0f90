-- One row per line whose service belongs to another stage of care than the injury that it points to, and one per claim
-- of one day that has the same injury in two stages.
WITH staged AS MATERIALIZED (
    SELECT l.claim_id, l.claim_line_number, l.hcpcs_code, s.stage, s.reason
    FROM rule_lines l
    JOIN rule_staged_services s ON s.hcpcs_code = l.hcpcs_code
    LEFT JOIN rule_modifiers m ON m.claim_id = l.claim_id AND m.claim_line_number = l.claim_line_number
        AND m.modifier = '55' AND s.stage = 'active treatment'
    WHERE m.modifier IS NULL
),
judged AS (
    SELECT s.claim_id, s.claim_line_number, s.hcpcs_code, s.stage, s.reason,
        string_agg(CASE WHEN c.not_with = s.stage THEN c.diagnosis_code END, ' ' ORDER BY c.diagnosis_code) AS diagnoses,
        string_agg(CASE WHEN c.not_with = s.stage THEN c.written || ' (' || c.meaning || ')' END, ', '
            ORDER BY c.diagnosis_code) AS written,
        count(CASE WHEN c.role = 'injury' AND c.not_with = s.stage THEN 1 END) AS against,
        count(CASE WHEN c.role = 'complication' OR (c.role = 'injury' AND c.not_with <> s.stage) THEN 1 END) AS fitting
    FROM (
        SELECT DISTINCT t.claim_id, t.claim_line_number, t.hcpcs_code, t.stage, t.reason, p.diagnosis_code
        FROM staged t
        JOIN rule_pointed p ON p.claim_id = t.claim_id AND p.claim_line_number = t.claim_line_number
    ) s
    JOIN rule_staged_codes c ON c.diagnosis_code = s.diagnosis_code AND c.role IN ('injury', 'complication')
    GROUP BY s.claim_id, s.claim_line_number, s.hcpcs_code, s.stage, s.reason
),
one_day AS (
    SELECT claim_id FROM rule_lines WHERE claim_type = 'professional'
    GROUP BY claim_id HAVING min(service_date) = max(service_end_date)
),
twice AS (
    SELECT DISTINCT d.claim_id, d.diagnosis_code AS one, e.diagnosis_code AS other, a.written AS one_written,
        b.written AS other_written, a.meaning AS one_meaning, b.meaning AS other_meaning
    FROM rule_diagnoses d
    JOIN rule_staged_codes a ON a.diagnosis_code = d.diagnosis_code AND a.role = 'injury' AND a.stage IS NOT NULL
    JOIN rule_diagnoses e ON e.claim_id = d.claim_id AND substr(e.diagnosis_code, 1, 6) = substr(d.diagnosis_code, 1, 6)
        AND d.is_reason AND e.is_reason
    JOIN rule_staged_codes b ON b.diagnosis_code = e.diagnosis_code AND b.role = 'injury' AND b.stage > a.stage
    JOIN one_day o ON o.claim_id = d.claim_id
)
SELECT claim_id, claim_line_number, hcpcs_code || ' ' || diagnoses AS codes,
    CASE WHEN stage = 'active treatment' THEN hcpcs_code || ' treats a fresh injury; the line points to '
         ELSE hcpcs_code || ' follows up a treated injury; the line points to ' END || written || '.' AS message,
    'service: ' || reason || ' (' || stage || '); diagnoses ' || written AS evidence,
    {release} AS release, CAST(NULL AS DATE) AS effective_date
FROM judged
WHERE against > 0 AND fitting = 0
UNION ALL
SELECT claim_id, NULL, one || ' ' || other,
    'One injury stands on a claim of one day in two stages: ' || one_written || ' (' || one_meaning || ') and '
        || other_written || ' (' || other_meaning || ').',
    'diagnoses ' || one || ', ' || other,
    {release}, CAST(NULL AS DATE)
FROM twice
