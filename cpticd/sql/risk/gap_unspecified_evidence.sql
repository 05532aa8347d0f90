-- One row per person, rule, claim and unspecified code of the measurement year.
SELECT DISTINCT e.person_id, b.rule, e.claim_id, e.claim_date, e.diagnosis_code AS code
FROM encounters e
JOIN asked s ON s.year = e.year
JOIN gap_base_codes b ON b.code = e.diagnosis_code
WHERE e.counted
