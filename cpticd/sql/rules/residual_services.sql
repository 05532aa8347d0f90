-- One row per service.
SELECT service, min(payer) AS payer, min(hcpcs_code) AS hcpcs_code, min(day) AS day, min(quarter) AS quarter,
    min(person_id) AS person_id, max(CASE WHEN denied = 1 AND explained = 0 THEN 1 ELSE 0 END) AS unexplained
FROM residual_lines GROUP BY service
