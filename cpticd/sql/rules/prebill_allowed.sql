-- One row per quarter of decision, payer and procedure: lines with an allowed amount, what was allowed and charged.
SELECT CAST(date_trunc('quarter', coalesce(first_paid_date, service_date, DATE '1900-01-01')) AS DATE) AS quarter,
    payer, coalesce(hcpcs_code, '(none)') AS hcpcs_code, count(*) AS lines,
    CAST(sum(allowed_amount) AS DOUBLE) AS allowed, CAST(sum(charge_amount) AS DOUBLE) AS charge
FROM line_outcomes
WHERE final_outcome = 'paid' AND allowed_amount > 0 AND charge_amount > 0
GROUP BY 1, payer, coalesce(hcpcs_code, '(none)')
ORDER BY 1, payer, hcpcs_code
