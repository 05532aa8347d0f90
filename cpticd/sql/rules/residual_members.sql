-- One row per service and family of the diagnoses that its lines point to, and one for the procedure as a whole.
SELECT DISTINCT l.service, substr(p.diagnosis_code, 1, {characters}) AS diagnosis_family
FROM residual_lines l
JOIN pairs p ON p.claim_id = l.claim_id AND p.claim_line_number = l.claim_line_number
WHERE p.diagnosis_code IS NOT NULL
UNION ALL
SELECT service, '{any}' AS diagnosis_family FROM residual_services
