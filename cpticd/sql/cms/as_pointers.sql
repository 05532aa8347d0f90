-- One row per line with a diagnosis of its own: where the claim has it.
SELECT
    l.claim_id, l.line_number AS claim_line_number, 1 AS pointer_position, d.diagnosis_position, l.src AS _source
FROM cms_own_lines l
JOIN cms_shapes s ON s.kind = 'D' AND s.raw = upper(replace(l.line_diagnosis, '.', ''))
JOIN cms_placed d ON d.claim_id = l.claim_id AND d.diagnosis_code = s.code
    AND d.diagnosis_kind NOT IN ('admitting', 'reason for visit')
WHERE l.sign = 1
