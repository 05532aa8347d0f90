-- One row per line and diagnosis that it points to.
SELECT claim_id, claim_line_number, diagnosis_code FROM pairs WHERE diagnosis_code IS NOT NULL
ORDER BY claim_id, claim_line_number, diagnosis_code
