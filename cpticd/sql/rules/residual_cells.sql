-- One row per cluster and day: services, of which denied, and the odds of the payer's other procedures in the quarter.
SELECT c.cluster, c.payer, c.hcpcs_code, c.diagnosis_family, c.carc, s.day,
    count(*) AS services, count(d.service) AS denied, min(w.rate / (1 - w.rate)) AS odds
FROM residual_clusters c
JOIN residual_services s ON s.payer = c.payer AND s.hcpcs_code = c.hcpcs_code
JOIN residual_members m ON m.service = s.service AND m.diagnosis_family = c.diagnosis_family
JOIN residual_drift w ON w.payer = s.payer AND w.hcpcs_code = s.hcpcs_code AND w.quarter = s.quarter
LEFT JOIN residual_denied d ON d.service = s.service AND d.carc = c.carc
GROUP BY c.cluster, c.payer, c.hcpcs_code, c.diagnosis_family, c.carc, s.day
ORDER BY c.cluster, s.day
