-- One row per payer and procedure: lines with an allowed amount, what was allowed and charged of them.
SELECT payer, coalesce(hcpcs_code, '(none)') AS hcpcs_code, count(*) AS lines,
    CAST(sum(allowed_amount) AS DOUBLE) AS allowed, CAST(sum(charge_amount) AS DOUBLE) AS charge
FROM line_outcomes
WHERE final_outcome = 'paid' AND allowed_amount > 0 AND charge_amount > 0
GROUP BY payer, coalesce(hcpcs_code, '(none)')
ORDER BY payer, hcpcs_code
