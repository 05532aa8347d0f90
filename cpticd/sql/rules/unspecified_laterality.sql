-- One row per place of a code that leaves the side open where the list has codes with a side.
SELECT p.claim_id, p.claim_line_number, p.diagnosis_code AS codes,
    concat(p.diagnosis_code, ' leaves the side open where the list has codes with a side') AS message,
    'side unspecified' AS evidence, 'diagnosis_traits' AS release, CAST(NULL AS DATE) AS effective_date
FROM rule_placed p
JOIN rule_traits t ON t.diagnosis_code = p.diagnosis_code
WHERE t.laterality_missing
