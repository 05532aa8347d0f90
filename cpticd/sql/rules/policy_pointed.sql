-- One row per line under a policy of its day, of payers for whom policies speak, and diagnosis that it points to.
SELECT l.claim_id, l.claim_line_number, l.hcpcs_code, l.payer, l.service_date, p.diagnosis_code,
    p.diagnosis_position, p.level
FROM rule_lines l
SEMI JOIN rule_policies d ON d.procedure_code = l.hcpcs_code AND {in_force}
    AND coalesce(d.payer = l.payer, d.payer IS NULL)
JOIN rule_pointed p ON p.claim_id = l.claim_id AND p.claim_line_number = l.claim_line_number
WHERE {asked}
