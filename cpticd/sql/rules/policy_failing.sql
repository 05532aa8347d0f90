-- One row per line under a policy and policy that it stands under, of the lines that satisfy none.
SELECT DISTINCT x.claim_id, x.claim_line_number, x.hcpcs_code, x.service_date, p.document, p.version, p.procedure_group,
    p.release, p.effective_from, t.has_covered, t.has_not_covered
FROM (SELECT DISTINCT claim_id, claim_line_number, hcpcs_code, payer, service_date FROM rule_policy_pointed) x
LEFT JOIN rule_policy_supported s ON s.claim_id = x.claim_id AND s.claim_line_number = x.claim_line_number
JOIN rule_policies p ON p.procedure_code = x.hcpcs_code
    AND coalesce(p.effective_from <= x.service_date, true) AND coalesce(p.effective_to >= x.service_date, true)
    AND coalesce(p.payer = x.payer, p.payer IS NULL)
JOIN rule_policy_lists t ON t.document = p.document AND t.version = p.version
WHERE s.claim_id IS NULL
