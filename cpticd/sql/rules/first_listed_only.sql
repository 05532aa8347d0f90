-- One row per place of a Z code that may only be first-listed and is not, on a claim whose first diagnosis is none.
WITH longest AS (
    SELECT d.claim_id, d.diagnosis_position, d.diagnosis_code, max(length(t.code)) AS longest
    FROM rule_diagnoses d
    JOIN table_first_listed_codes t ON starts_with(d.diagnosis_code, t.code)
    WHERE d.diagnosis_code >= 'Z' AND d.is_reason
    GROUP BY d.claim_id, d.diagnosis_position, d.diagnosis_code
),
listed AS MATERIALIZED (
    SELECT l.claim_id, l.diagnosis_position, l.diagnosis_code, t.title
    FROM longest l
    JOIN table_first_listed_codes t ON t.code = substr(l.diagnosis_code, 1, CAST(l.longest AS INTEGER))
    WHERE t.listed
)
SELECT p.claim_id, p.claim_line_number, p.diagnosis_code AS codes,
    concat(p.diagnosis_code, ' (', l.title, ') may only be the first diagnosis, unless encounters of one day ',
        'are billed together') AS message,
    concat('position ', CAST(p.diagnosis_position AS VARCHAR)) AS evidence,
    'first_listed_codes FY2024' AS release, CAST(NULL AS DATE) AS effective_date
FROM listed l
JOIN rule_placed p ON p.claim_id = l.claim_id AND p.diagnosis_position = l.diagnosis_position
LEFT JOIN listed a ON a.claim_id = l.claim_id AND a.diagnosis_position = 1
WHERE a.claim_id IS NULL
