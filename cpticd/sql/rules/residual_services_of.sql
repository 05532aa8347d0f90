-- One row per cluster that is looked at and service of it.
SELECT c.payer, c.hcpcs_code, c.diagnosis_family, c.carc, s.service, s.day, s.person_id,
    w.rate / (1 - w.rate) AS odds,
    CASE WHEN d.service IS NULL THEN 0 ELSE 1 END AS denied, d.category,
    coalesce(d.lines, 0) AS lines, coalesce(d.amount, 0) AS amount
FROM residual_promising c
JOIN residual_services s ON s.payer = c.payer AND s.hcpcs_code = c.hcpcs_code
JOIN residual_members m ON m.service = s.service AND m.diagnosis_family = c.diagnosis_family
JOIN residual_drift w ON w.payer = s.payer AND w.hcpcs_code = s.hcpcs_code AND w.quarter = s.quarter
LEFT JOIN residual_denied d ON d.service = s.service AND d.carc = c.carc
ORDER BY c.payer, c.hcpcs_code, c.diagnosis_family, c.carc, s.day, s.service
