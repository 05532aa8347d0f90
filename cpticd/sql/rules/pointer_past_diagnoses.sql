-- One row per pointer to a position at which the claim has no diagnosis.
WITH past AS MATERIALIZED (
    SELECT p.claim_id, p.claim_line_number, p.pointer_position, p.diagnosis_position
    FROM pointers p
    ANTI JOIN diagnoses d ON d.claim_id = p.claim_id AND d.diagnosis_position = p.diagnosis_position
),
held AS (
    SELECT d.claim_id, max(d.diagnosis_position) AS last_position
    FROM diagnoses d
    SEMI JOIN past p ON p.claim_id = d.claim_id
    GROUP BY d.claim_id
)
SELECT p.claim_id, p.claim_line_number, coalesce(l.hcpcs_code, '') AS codes,
    concat('pointer ', CAST(p.pointer_position AS VARCHAR), ' names position ',
        CAST(p.diagnosis_position AS VARCHAR), ', where the claim has no diagnosis') AS message,
    concat('position ', CAST(p.diagnosis_position AS VARCHAR), '; last diagnosis of the claim ',
        CAST(h.last_position AS VARCHAR)) AS evidence,
    '' AS release, CAST(NULL AS DATE) AS effective_date
FROM past p
JOIN rule_lines l ON l.claim_id = p.claim_id AND l.claim_line_number = p.claim_line_number
JOIN held h ON h.claim_id = p.claim_id
