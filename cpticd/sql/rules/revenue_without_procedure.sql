-- One row per outpatient hospital line whose revenue code needs a procedure code and has none.
SELECT l.claim_id, l.claim_line_number, l.revenue_center_code AS codes,
    'revenue code ' || l.revenue_center_code || ' (' || t.service || ') needs a procedure code on an outpatient bill'
        AS message,
    'revenue code ' || l.revenue_center_code || '; bill type ' || coalesce(l.bill_type_code, 'missing') AS evidence,
    'revenue_codes_with_procedure' AS release, CAST(NULL AS DATE) AS effective_date
FROM rule_lines l
JOIN table_revenue_codes_with_procedure t ON lpad(l.revenue_center_code, 4, '0') BETWEEN t.code_from AND t.code_to
WHERE l.setting = 'outpatient' AND l.hcpcs_code IS NULL AND coalesce(l.charge_amount, 1) > 0
    AND substr(coalesce(l.bill_type_code, ''), 1, 2) IN ('13', '14', '85', '75', '76')
