-- One row per place of a code on the code editor's list of those that leave the side open, of the day of discharge.
SELECT p.claim_id, p.claim_line_number, p.diagnosis_code AS codes,
    concat(p.diagnosis_code, ' leaves the side open; Medicare returns such codes on stays unless the record ',
        'cannot tell the side') AS message,
    concat('discharge ', CAST(p.service_date AS VARCHAR)) AS evidence,
    m.release, m.effective_from AS effective_date
FROM rule_placed p
JOIN rule_mce m ON m.code = p.diagnosis_code AND m.edit = 'Unspecified'
    AND m.code_type = 'diagnosis' AND p.service_date >= m.effective_from
    AND p.service_date <= coalesce(m.effective_to, DATE '9999-12-31')
