-- One row per adjudicated line and diagnosis that it points to, with what the payer first decided.
SELECT
    p.hcpcs_code, p.diagnosis_code, o.payer, o.place, coalesce(CAST(date_trunc('quarter', o.service_date) AS DATE), DATE '1900-01-01') AS quarter,
    p.is_primary, p.share, o.person_id, o.initial_outcome = 'denied' AS is_denied,
    p.share * CAST(coalesce(o.denied_amount, 0) AS DOUBLE) AS denied_amount,
    CASE WHEN o.initial_outcome = 'denied' THEN o.denial_category END AS denial_category,
    CASE WHEN o.initial_outcome = 'denied' THEN o.denial_carc END AS denial_carc
FROM pairs p
JOIN line_outcomes o ON o.claim_id = p.claim_id AND o.claim_line_number = p.claim_line_number
WHERE o.initial_outcome <> 'not adjudicated' AND p.hcpcs_code IS NOT NULL AND p.diagnosis_code IS NOT NULL
