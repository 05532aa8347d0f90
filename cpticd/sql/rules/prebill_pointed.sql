-- One row per line and diagnosis that it points to, in order.
SELECT e.line, p.diagnosis_code, coalesce(f.diagnosis_family, p.diagnosis_code) AS diagnosis_family
FROM prebill_lines e
JOIN pairs p ON p.claim_id = e.claim_id AND p.claim_line_number = e.claim_line_number
LEFT JOIN diagnosis_families f ON f.diagnosis_code = p.diagnosis_code
WHERE p.diagnosis_code IS NOT NULL
ORDER BY e.line, p.pointer_position, p.diagnosis_code
