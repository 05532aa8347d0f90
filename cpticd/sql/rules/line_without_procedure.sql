-- One row per professional line without a procedure code, and institutional one with neither that nor a revenue code.
SELECT l.claim_id, l.claim_line_number, '' AS codes,
    CASE WHEN l.claim_type = 'professional' THEN 'the line has no procedure code'
         ELSE 'the line has neither a procedure code nor a revenue code' END AS message,
    concat('charge ', coalesce(CAST(l.charge_amount AS VARCHAR), 'missing')) AS evidence,
    '' AS release, CAST(NULL AS DATE) AS effective_date
FROM rule_lines l
WHERE l.hcpcs_code IS NULL AND (l.claim_type = 'professional' OR l.revenue_center_code IS NULL)
