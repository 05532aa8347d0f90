-- One row per procedure, payer, place and quarter: the like with which a pair's lines are compared.
SELECT
    hcpcs_code, payer, place, CAST(date_trunc('quarter', service_date) AS DATE) AS quarter,
    count(*) AS lines, sum(CASE WHEN initial_outcome = 'denied' THEN 1 ELSE 0 END) AS denied_lines
FROM line_outcomes
WHERE initial_outcome <> 'not adjudicated' AND hcpcs_code IS NOT NULL
GROUP BY hcpcs_code, payer, place, CAST(date_trunc('quarter', service_date) AS DATE)
