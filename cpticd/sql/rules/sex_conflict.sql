-- One row per place of a diagnosis, or ICD-10-PCS procedure, that is on the code editor's list for the other sex.
WITH sexes AS (
    SELECT 'Female_Only' AS edit, 'female' AS sex, 'male' AS other
    UNION ALL
    SELECT 'Male_Only', 'male', 'female'
),
coded AS (
    SELECT p.claim_id, p.claim_line_number, p.diagnosis_code AS code, 'diagnosis' AS code_type, p.service_date
    FROM rule_placed p
    UNION ALL
    SELECT o.claim_id, CAST(NULL AS INTEGER), o.procedure_code, 'procedure', c.service_date
    FROM procedures o
    JOIN rule_claims c ON c.claim_id = o.claim_id
)
SELECT p.claim_id, p.claim_line_number, p.code AS codes,
    concat(p.code, ' is on Medicare''s list for ', s.sex, ' patients; the patient is recorded as ', c.sex)
        AS message,
    concat('sex ', c.sex, '; list ', m.edit) AS evidence, m.release, m.effective_from AS effective_date
FROM coded p
JOIN rule_mce m ON m.code = p.code AND m.code_type = p.code_type AND p.service_date >= m.effective_from
    AND p.service_date <= coalesce(m.effective_to, DATE '9999-12-31')
JOIN sexes s ON s.edit = m.edit
JOIN rule_claims c ON c.claim_id = p.claim_id
WHERE c.sex = s.other
