-- One row per adjudicated line, numbered: what drivers are looked for by, and what lines of it depend on one another.
SELECT {select} o.claim_id, coalesce(o.person_id, o.claim_id) AS whose, o.person_id,
    {provider} AS clinician,
    coalesce(o.service_date, o.first_paid_date) AS day, o.claim_line_number, {hit} AS is_denied,
    CAST(CASE WHEN {hit} THEN coalesce(o.denied_amount, 0) ELSE 0 END AS DOUBLE) AS amount,
    CASE WHEN {hit} THEN o.denial_category END AS category, CASE WHEN {hit} THEN o.denial_carc END AS carc
FROM line_outcomes o
JOIN claims cc ON cc.claim_id = o.claim_id
LEFT JOIN lines ln ON ln.claim_id = o.claim_id AND ln.claim_line_number = o.claim_line_number
CROSS JOIN {billers}
{joins}
WHERE o.initial_outcome IN ('paid', 'partly denied', 'denied', 'nothing paid')
ORDER BY o.claim_id, o.claim_line_number
