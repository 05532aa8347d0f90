-- One row per stay whose principal diagnosis is on the code editor's list of those that seldom need one.
SELECT p.claim_id, CAST(NULL AS INTEGER) AS claim_line_number, p.diagnosis_code AS codes,
    concat(p.diagnosis_code, ' is on Medicare''s list of diagnoses that seldom need a stay') AS message,
    concat('discharge ', CAST(p.service_date AS VARCHAR)) AS evidence,
    m.release, m.effective_from AS effective_date
FROM rule_diagnoses p
JOIN rule_mce m ON m.code = p.diagnosis_code AND m.code_type = 'diagnosis'
    AND m.edit = 'Principal_Questionable_Admit' AND p.service_date >= m.effective_from
    AND p.service_date <= coalesce(m.effective_to, DATE '9999-12-31')
WHERE p.diagnosis_position = 1
