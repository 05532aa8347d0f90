-- One row per first diagnosis that is a manifestation by its title, or by the code editor's list of the day.
SELECT p.claim_id, p.claim_line_number, p.diagnosis_code AS codes,
    concat(p.diagnosis_code, ' is a manifestation: the disease that it comes from stands before it') AS message,
    concat('position ', CAST(p.diagnosis_position AS VARCHAR), '; ',
        CASE WHEN m.code IS NULL THEN 'title says {title}' ELSE 'list Principal_Manifestation' END)
        AS evidence,
    coalesce(m.release, 'icd10cm') AS release, m.effective_from AS effective_date
FROM rule_first p
LEFT JOIN rule_mce m ON m.code = p.diagnosis_code AND m.code_type = 'diagnosis'
    AND m.edit = 'Principal_Manifestation' AND p.service_date >= m.effective_from
    AND p.service_date <= coalesce(m.effective_to, DATE '9999-12-31')
LEFT JOIN rule_manifestations t ON t.code = p.diagnosis_code
WHERE m.code IS NOT NULL OR t.code IS NOT NULL
