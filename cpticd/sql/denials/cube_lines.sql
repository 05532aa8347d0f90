-- One row per service line, numbered: what a view is chosen by, and what is counted.
SELECT
    CAST(row_number() OVER (ORDER BY o.claim_id, o.claim_line_number) - 1 AS INTEGER) AS line,
    o.claim_id, o.claim_line_number, o.person_id, o.payer, o.place, o.hcpcs_code, {select} o.service_date,
    coalesce(c.billing_npi, '(unknown)') AS billing_npi,
    {provider} AS clinician,
    CAST(coalesce(o.charge_amount, 0) AS DOUBLE) AS charge_amount,
    o.initial_outcome, o.final_outcome, o.first_paid_date,
    CAST(coalesce(o.denied_amount, 0) AS DOUBLE) AS initial_amount,
    CAST(coalesce(o.final_denied_amount, 0) AS DOUBLE) AS final_amount,
    o.denial_category AS initial_category, o.final_denial_category AS final_category,
    o.denial_carc AS initial_carc, o.final_denial_carc AS final_carc
FROM line_outcomes o
LEFT JOIN claims c ON c.claim_id = o.claim_id
LEFT JOIN lines ln ON ln.claim_id = o.claim_id AND ln.claim_line_number = o.claim_line_number
CROSS JOIN {billers} {joins}
