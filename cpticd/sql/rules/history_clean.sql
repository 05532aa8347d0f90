-- One row per payer, place and family of procedures: adjudicated lines without an error or warning, of which denied.
SELECT o.payer, o.place, coalesce(h.hcpcs_family, '(none)') AS hcpcs_family, count(*) AS lines,
    sum(CASE WHEN o.initial_outcome = 'denied' THEN 1 ELSE 0 END) AS denied
FROM line_outcomes o
LEFT JOIN procedure_families h ON h.hcpcs_code = o.hcpcs_code
LEFT JOIN (SELECT DISTINCT claim_id, claim_line_number FROM rule_flags WHERE decides = 1) f
    ON f.claim_id = o.claim_id AND f.claim_line_number = o.claim_line_number
WHERE o.initial_outcome IN ('paid', 'partly denied', 'denied', 'nothing paid') AND f.claim_id IS NULL
GROUP BY o.payer, o.place, coalesce(h.hcpcs_family, '(none)')
ORDER BY o.payer, o.place, hcpcs_family
