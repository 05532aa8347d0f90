-- One row per rule and line that it flags, and per flagged claim that has no line; superseded versions of a claim are
-- nobody's work any more.
SELECT f.rule, o.claim_id, o.claim_line_number, o.payer, o.place, o.service_date, o.hcpcs_code,
    coalesce(h.hcpcs_family, '(none)') AS hcpcs_family,
    CAST(coalesce(o.charge_amount, 0) AS DOUBLE) AS charge_amount, o.initial_outcome,
    CAST(coalesce(o.denied_amount, 0) AS DOUBLE) AS denied_amount
FROM rule_flags f
JOIN line_outcomes o ON o.claim_id = f.claim_id AND o.claim_line_number = f.claim_line_number
LEFT JOIN procedure_families h ON h.hcpcs_code = o.hcpcs_code
LEFT JOIN superseded u ON u.claim_id = o.claim_id
WHERE u.claim_id IS NULL
UNION ALL
SELECT DISTINCT f.rule, c.claim_id, CAST(NULL AS INTEGER) AS claim_line_number, coalesce(c.payer, '(unknown)'),
    coalesce(c.place_of_service_code, '(unknown)'), c.claim_start_date, CAST(NULL AS VARCHAR), '(none)',
    CAST(coalesce(c.charge_amount, 0) AS DOUBLE),
    CASE WHEN a.claim_id IS NULL THEN 'not adjudicated' ELSE 'adjudicated' END, CAST(0 AS DOUBLE)
FROM rule_findings f
JOIN claims c ON c.claim_id = f.claim_id
LEFT JOIN (SELECT DISTINCT claim_id FROM lines) l ON l.claim_id = c.claim_id
LEFT JOIN (SELECT DISTINCT claim_id FROM adjudications) a ON a.claim_id = c.claim_id
LEFT JOIN superseded u ON u.claim_id = c.claim_id
WHERE l.claim_id IS NULL AND u.claim_id IS NULL AND f.claim_line_number IS NULL
