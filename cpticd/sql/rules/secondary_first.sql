-- One row per place of a first diagnosis that may only stand beside another one.
SELECT p.claim_id, p.claim_line_number, p.diagnosis_code AS codes,
    p.diagnosis_code || ' may not be the first diagnosis: ' || t.why AS message,
    'position ' || p.diagnosis_position || coalesce('; first pointer of line ' || p.claim_line_number, '') AS evidence,
    'secondary_codes, ' || t.source AS release, CAST(NULL AS DATE) AS effective_date, t.is_certain
FROM rule_first p
JOIN table_secondary_codes t ON starts_with(p.diagnosis_code, t.code)
JOIN rule_claims c ON c.claim_id = p.claim_id AND coalesce(c.setting, '') <> 'inpatient'
WHERE p.diagnosis_code >= 'B'
