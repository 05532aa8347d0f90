-- One row per place of a diagnosis that is on a list of the code editor for another age, on that day.
SELECT p.claim_id, p.claim_line_number, p.diagnosis_code AS codes,
    concat(p.diagnosis_code, ' is on Medicare''s list for ages ', CAST(a.age_from AS VARCHAR), ' to ',
        CAST(a.age_to AS VARCHAR), '; the patient was ', CAST(d.age AS VARCHAR)) AS message,
    concat('age ', CAST(d.age AS VARCHAR), '; list ', m.edit) AS evidence,
    m.release, greatest(m.effective_from, a.effective_from) AS effective_date
FROM rule_placed p
JOIN rule_mce m ON m.code = p.diagnosis_code AND m.code_type = 'diagnosis' AND p.service_date >= m.effective_from
    AND p.service_date <= coalesce(m.effective_to, DATE '9999-12-31')
JOIN table_mce_ages a ON a.edit = m.edit AND p.service_date >= a.effective_from
    AND p.service_date <= coalesce(a.effective_to, DATE '9999-12-31')
JOIN rule_diagnoses d ON d.claim_id = p.claim_id AND d.diagnosis_position = p.diagnosis_position
WHERE d.age IS NOT NULL AND (d.age < a.age_from OR d.age > a.age_to)
