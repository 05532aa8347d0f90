-- One row per place of an ICD-10-CM diagnosis: each line that points to it, else its claim (line NULL).
WITH pointed AS MATERIALIZED (
    SELECT claim_id, claim_line_number, pointer_position, diagnosis_position, diagnosis_code, service_date
    FROM rule_pointed
    WHERE level = 'line'
)
SELECT claim_id, claim_line_number, pointer_position, diagnosis_position, diagnosis_code, service_date
FROM pointed
UNION ALL
SELECT d.claim_id, CAST(NULL AS INTEGER), CAST(NULL AS INTEGER), d.diagnosis_position, d.diagnosis_code, d.service_date
FROM rule_diagnoses d
LEFT JOIN (SELECT DISTINCT claim_id, diagnosis_position FROM pointed) p
    ON p.claim_id = d.claim_id AND p.diagnosis_position = d.diagnosis_position
WHERE p.claim_id IS NULL
