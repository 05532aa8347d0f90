-- One row per adjudicated line and diagnosis that it points to; diagnoses are numbered here.
-- Dollars that are shared out are decimals: their sum is the same in whatever order they are added.
WITH diagnosis_ids AS (
    SELECT diagnosis_code, CAST(row_number() OVER (ORDER BY diagnosis_code) AS INTEGER) AS diagnosis_id
    FROM (SELECT DISTINCT diagnosis_code FROM diagnoses) codes
)
SELECT
    o.line_id, o.procedure_id, d.diagnosis_id, o.payer_id, o.stratum_id, o.person_id, o.claim_number, o.whose,
    o.provider_id, o.residual, p.diagnosis_code, p.is_primary, p.share, o.is_denied,
    CAST(p.share * o.denied_amount AS DECIMAL(18,8)) AS denied_amount, o.denial_category, o.denial_carc
FROM pairs p
JOIN decided_lines o ON o.claim_id = p.claim_id AND o.claim_line_number = p.claim_line_number
JOIN diagnosis_ids d ON d.diagnosis_code = p.diagnosis_code
