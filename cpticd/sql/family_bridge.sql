-- One row per adjudicated line and pair of families: a line that points to two diagnoses of a chapter counts once.
WITH procedures AS (
    SELECT DISTINCT s.procedure_id, h.hcpcs_family AS h
    FROM strata s
    JOIN procedure_families h ON h.hcpcs_code = s.hcpcs_code
),
diagnoses_by_id AS (
    SELECT i.diagnosis_id, f.diagnosis_family AS d
    FROM (SELECT diagnosis_id, min(diagnosis_code) AS diagnosis_code FROM bridge GROUP BY diagnosis_id) i
    JOIN diagnosis_families f ON f.diagnosis_code = i.diagnosis_code
)
SELECT
    b.stratum_id, b.procedure_id, b.payer_id, p.h, f.d, b.person_id, b.claim_number, b.whose,
    b.provider_id, b.residual, b.is_denied, b.denial_category, b.denial_carc,
    max(CASE WHEN b.is_primary THEN 1 ELSE 0 END) = 1 AS is_primary, sum(b.share) AS share,
    sum(b.denied_amount) AS denied_amount
FROM bridge b
JOIN procedures p ON p.procedure_id = b.procedure_id
JOIN diagnoses_by_id f ON f.diagnosis_id = b.diagnosis_id
GROUP BY b.line_id, b.stratum_id, b.procedure_id, b.payer_id, p.h, f.d, b.person_id, b.claim_number, b.whose,
    b.provider_id, b.residual, b.is_denied, b.denial_category, b.denial_carc
