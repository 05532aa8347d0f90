-- One row per line whose procedure code is {verdict} on its date. Lines that hold a rate code (HIPPS) have no procedure.
SELECT l.claim_id, l.claim_line_number, l.hcpcs_code AS codes, {message} AS message,
    {evidence} AS evidence, w.release, w.first_day AS effective_date
FROM rule_lines l
JOIN rule_procedures w ON w.hcpcs_code = l.hcpcs_code AND w.service_date = l.service_date
WHERE w.verdict = '{verdict}' AND coalesce(l.revenue_center_code, '') NOT IN ('0022', '0023', '0024')
