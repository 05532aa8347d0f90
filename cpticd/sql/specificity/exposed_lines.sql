-- One row per adjudicated line and diagnosis category that it points to: with an unspecified code of the category,
-- with a specific one, or with both; and the line's share of dollars that the category's codes have.
SELECT
    {select}
    o.claim_id, o.claim_line_number, coalesce(o.person_id, o.claim_id) AS cluster, o.person_id,
    o.billing_npi AS provider,
    max(CASE WHEN {exposed} THEN 1 ELSE 0 END) AS exposed,
    max(CASE WHEN {compared} THEN 1 ELSE 0 END) AS compared,
    max(CASE WHEN o.initial_outcome = 'denied' THEN 1 ELSE 0 END) AS denied,
    sum(CASE WHEN {exposed} THEN p.share ELSE 0 END) AS exposed_share,
    max(o.charge_amount) AS charge_amount,
    max(o.denied_amount) AS denied_amount
FROM pairs p
JOIN standing_lines o ON o.claim_id = p.claim_id AND o.claim_line_number = p.claim_line_number
JOIN judged_codes k ON k.diagnosis_code = p.diagnosis_code
WHERE k.judged AND o.initial_outcome IN ('paid', 'partly denied', 'denied', 'nothing paid') AND o.hcpcs_code IS NOT NULL AND {pointer}
GROUP BY {by}, o.claim_id, o.claim_line_number, o.person_id, o.billing_npi
