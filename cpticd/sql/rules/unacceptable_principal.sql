-- One row per stay whose principal diagnosis is on the code editor's list of those that may not be, on the day of
-- discharge; one that may be with a secondary diagnosis, only where there is none.
SELECT p.claim_id, CAST(NULL AS INTEGER) AS claim_line_number, p.diagnosis_code AS codes,
    CASE WHEN r.code IS NULL
         THEN concat(p.diagnosis_code, ' is on Medicare''s list of unacceptable principal diagnoses')
         ELSE concat(p.diagnosis_code, ' may only be principal with a secondary diagnosis, and there is none')
         END AS message,
    concat('discharge ', CAST(p.service_date AS VARCHAR), '; list ', coalesce(r.edit, m.edit)) AS evidence,
    m.release, m.effective_from AS effective_date
FROM rule_diagnoses p
JOIN rule_mce m ON m.code = p.diagnosis_code AND m.code_type = 'diagnosis'
    AND m.edit = 'Principal_Unacceptable' AND p.service_date >= m.effective_from
    AND p.service_date <= coalesce(m.effective_to, DATE '9999-12-31')
LEFT JOIN rule_mce r ON r.code = p.diagnosis_code AND r.code_type = 'diagnosis'
    AND r.edit = 'Principal_Requires_Secondary'
    AND p.service_date >= r.effective_from AND p.service_date <= coalesce(r.effective_to, DATE '9999-12-31')
LEFT JOIN (SELECT claim_id, max(diagnosis_position) AS last_position FROM rule_coded GROUP BY claim_id) n
    ON n.claim_id = p.claim_id
WHERE p.diagnosis_position = 1 AND (r.code IS NULL OR coalesce(n.last_position, 1) = 1)
