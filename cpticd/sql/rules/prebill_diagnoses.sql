-- One row per flagged line and diagnosis that it points to, in order.
SELECT p.claim_id, p.claim_line_number, p.diagnosis_code
FROM pairs p
JOIN (SELECT DISTINCT claim_id, claim_line_number FROM rule_flags) f
    ON f.claim_id = p.claim_id AND f.claim_line_number = p.claim_line_number
WHERE p.diagnosis_code IS NOT NULL
ORDER BY p.claim_id, p.claim_line_number, p.pointer_position, p.diagnosis_code
