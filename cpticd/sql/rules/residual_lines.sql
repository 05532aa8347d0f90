-- One row per adjudicated line with a procedure and a day; service numbers a claim's lines of a procedure on a day.
SELECT dense_rank() OVER (ORDER BY o.claim_id, o.hcpcs_code, {day}) AS service,
    o.claim_id, o.claim_line_number, o.payer, o.person_id, o.hcpcs_code, {day} AS day,
    CAST(date_trunc('quarter', {day}) AS DATE) AS quarter,
    CASE WHEN o.initial_outcome = 'denied' THEN 1 ELSE 0 END AS denied,
    CASE WHEN e.claim_id IS NOT NULL THEN 1 ELSE 0 END AS explained,
    coalesce(o.denial_carc, '(none)') AS carc, o.denial_category AS category,
    CAST(coalesce(o.denied_amount, 0) AS DOUBLE) AS amount
FROM line_outcomes o
LEFT JOIN residual_explained e ON e.claim_id = o.claim_id AND e.claim_line_number = o.claim_line_number
WHERE o.initial_outcome IN ('paid', 'partly denied', 'denied', 'nothing paid') AND o.hcpcs_code IS NOT NULL AND {day} IS NOT NULL
