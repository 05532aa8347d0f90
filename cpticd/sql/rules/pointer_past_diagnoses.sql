-- One row per pointer to a position at which the claim has no diagnosis.
SELECT p.claim_id, p.claim_line_number, coalesce(l.hcpcs_code, '') AS codes,
    concat('pointer ', CAST(p.pointer_position AS VARCHAR), ' names position ',
        CAST(p.diagnosis_position AS VARCHAR), ', where the claim has no diagnosis') AS message,
    concat('position ', CAST(p.diagnosis_position AS VARCHAR), '; last diagnosis of the claim ',
        CAST(n.last_position AS VARCHAR)) AS evidence,
    '' AS release, CAST(NULL AS DATE) AS effective_date
FROM pointers p
JOIN rule_lines l ON l.claim_id = p.claim_id AND l.claim_line_number = p.claim_line_number
JOIN (SELECT claim_id, max(diagnosis_position) AS last_position FROM diagnoses GROUP BY claim_id) n
    ON n.claim_id = p.claim_id
LEFT JOIN diagnoses d ON d.claim_id = p.claim_id AND d.diagnosis_position = p.diagnosis_position
WHERE d.claim_id IS NULL
