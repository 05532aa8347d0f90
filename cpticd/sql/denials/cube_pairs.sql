-- One row per line and diagnosis that it points to; share is 1/k of its k diagnoses.
SELECT n.line, p.diagnosis_code, p.share
FROM pairs p
JOIN cube_lines n ON n.claim_id = p.claim_id AND n.claim_line_number = p.claim_line_number
WHERE p.diagnosis_code IS NOT NULL AND n.hcpcs_code IS NOT NULL
