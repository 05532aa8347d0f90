-- One row per service line and ICD-10-CM diagnosis that it points to; level is ``claim`` where the source has no
-- pointers (institutional claims, flat files without them) and every diagnosis of the claim counts.
SELECT
    p.claim_id,
    p.claim_line_number,
    min(p.pointer_position) AS pointer_position,
    p.diagnosis_position,
    d.diagnosis_code,
    l.service_date,
    'line' AS level
FROM pointers p
JOIN rule_diagnoses d ON d.claim_id = p.claim_id AND d.diagnosis_position = p.diagnosis_position AND d.is_reason
JOIN rule_lines l ON l.claim_id = p.claim_id AND l.claim_line_number = p.claim_line_number
GROUP BY p.claim_id, p.claim_line_number, p.diagnosis_position, d.diagnosis_code, l.service_date
UNION ALL
SELECT
    l.claim_id,
    l.claim_line_number,
    d.diagnosis_position AS pointer_position,
    d.diagnosis_position,
    d.diagnosis_code,
    l.service_date,
    'claim' AS level
FROM rule_lines l
JOIN rule_diagnoses d ON d.claim_id = l.claim_id AND d.is_reason
WHERE NOT l.has_pointers
