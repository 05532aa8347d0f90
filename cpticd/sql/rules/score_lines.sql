-- One row per adjudicated line and group: what makes lines alike, what the payer decided, and whether it breaks no rule.
SELECT o.claim_id, o.claim_line_number, o.person_id, {dimensions} o.service_date, {setting} AS setting, k.payer_kind,
    o.payer AS like_payer, o.place AS like_place,
    coalesce(h.hcpcs_family, '(none)') AS like_family, coalesce(o.hcpcs_code, '(none)') AS like_procedure,
    coalesce(CAST(date_trunc('quarter', o.service_date) AS DATE), DATE '1900-01-01') AS like_quarter,
    CASE WHEN o.initial_outcome = 'denied' THEN 1 ELSE 0 END AS denied,
    CASE WHEN o.initial_outcome = 'denied' AND o.final_outcome = 'paid' THEN 1 ELSE 0 END AS overturned,
    CASE WHEN o.initial_outcome = 'denied' THEN {cause} END AS cause,
    CAST(coalesce(o.charge_amount, 0) AS DOUBLE) * {share} AS charge,
    CAST(coalesce(o.denied_amount, 0) AS DOUBLE) * {share} AS taken,
    {share} AS share,
    CASE WHEN s.claim_id IS NULL THEN 1 ELSE 0 END AS clean
FROM line_outcomes o {joins}
LEFT JOIN rule_payer_kinds k ON k.payer = o.payer
LEFT JOIN (SELECT DISTINCT claim_id, claim_line_number FROM rule_flags WHERE decides = 1) s
    ON s.claim_id = o.claim_id AND s.claim_line_number = o.claim_line_number
WHERE o.initial_outcome IN ('paid', 'partly denied', 'denied', 'nothing paid')
