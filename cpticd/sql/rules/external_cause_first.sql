-- One row per first diagnosis of chapter 20 (V00 to Y99).
SELECT p.claim_id, p.claim_line_number, p.diagnosis_code AS codes,
    concat(p.diagnosis_code, ' says how an injury came about and is never the first diagnosis') AS message,
    concat('position ', CAST(p.diagnosis_position AS VARCHAR)) AS evidence,
    '' AS release, CAST(NULL AS DATE) AS effective_date
FROM rule_first p
WHERE p.diagnosis_code >= 'V' AND p.diagnosis_code < 'Z'
