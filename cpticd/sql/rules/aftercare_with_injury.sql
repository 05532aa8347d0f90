-- One row per line that points to an aftercare code and to an injury with its stage of care, and one per claim without
-- pointers that has both.
WITH aftercare AS MATERIALIZED (
    SELECT p.claim_id, p.claim_line_number, p.level, p.diagnosis_code, c.written
    FROM rule_pointed p
    JOIN rule_staged_codes c ON c.diagnosis_code = p.diagnosis_code AND c.role = 'aftercare'
),
pairs AS (
    SELECT a.claim_id, CASE WHEN a.level = 'line' THEN a.claim_line_number END AS claim_line_number,
        a.diagnosis_code AS aftercare, a.written AS aftercare_written, c.diagnosis_code AS injury,
        c.written AS injury_written, c.meaning
    FROM aftercare a
    JOIN rule_pointed p ON p.claim_id = a.claim_id AND p.claim_line_number = a.claim_line_number
    JOIN rule_staged_codes c ON c.diagnosis_code = p.diagnosis_code AND c.role = 'injury' AND c.stage IS NOT NULL
)
SELECT DISTINCT claim_id, claim_line_number, aftercare || ' ' || injury AS codes,
    aftercare_written || ' is aftercare; ' || injury_written || ' says the stage of care by itself (' || meaning || ').'
        AS message,
    'diagnoses ' || aftercare || ', ' || injury AS evidence,
    {release} AS release, CAST(NULL AS DATE) AS effective_date
FROM pairs
