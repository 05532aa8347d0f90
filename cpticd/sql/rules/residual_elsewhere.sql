-- One row per chosen cluster: other payers' services since its start, and those denied so.
SELECT c.number, count(s.service) AS services, count(CASE WHEN s.service IS NOT NULL THEN d.service END) AS denied
FROM residual_chosen c
LEFT JOIN residual_members m ON m.diagnosis_family = c.diagnosis_family
LEFT JOIN residual_services s
    ON s.service = m.service AND s.hcpcs_code = c.hcpcs_code AND s.payer <> c.payer AND s.day >= c.start_date
LEFT JOIN residual_denied d ON d.service = s.service AND d.carc = c.carc
GROUP BY c.number ORDER BY c.number
