-- One row per payer, procedure, family of diagnoses and CARC with at least {min_denied} unexplained denials.
SELECT CAST(row_number() OVER (ORDER BY payer, hcpcs_code, diagnosis_family, carc) AS INTEGER) AS cluster, *
FROM (
    SELECT s.payer, s.hcpcs_code, m.diagnosis_family, d.carc
    FROM residual_denied d
    JOIN residual_services s ON s.service = d.service
    JOIN residual_members m ON m.service = d.service
    GROUP BY s.payer, s.hcpcs_code, m.diagnosis_family, d.carc
    HAVING count(*) >= {min_denied}
) enough
