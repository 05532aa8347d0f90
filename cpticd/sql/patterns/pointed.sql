-- One row per line that stands and has a procedure, and diagnosis that it points to.
SELECT l.claim_id, l.claim_line_number, p.diagnosis_code, p.is_primary, p.share
FROM standing_lines l
JOIN pairs p ON p.claim_id = l.claim_id AND p.claim_line_number = l.claim_line_number
WHERE l.hcpcs_code IS NOT NULL AND p.diagnosis_code IS NOT NULL
