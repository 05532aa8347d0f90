-- One row per chosen cluster and period: services and denials of its payer, and of others.
SELECT c.number, CAST(date_trunc('{period}', s.day) AS DATE) AS period,
    count(CASE WHEN s.payer = c.payer THEN 1 END) AS services,
    count(CASE WHEN s.payer = c.payer THEN d.service END) AS denied,
    count(CASE WHEN s.payer <> c.payer THEN 1 END) AS services_elsewhere,
    count(CASE WHEN s.payer <> c.payer THEN d.service END) AS denied_elsewhere
FROM residual_chosen c
JOIN residual_services s ON s.hcpcs_code = c.hcpcs_code
JOIN residual_members m ON m.service = s.service AND m.diagnosis_family = c.diagnosis_family
LEFT JOIN residual_denied d ON d.service = s.service AND d.carc = c.carc
GROUP BY c.number, CAST(date_trunc('{period}', s.day) AS DATE)
ORDER BY c.number, period
