-- One row per line of a payer's decision, in place of a service line: the payer is the one that decided, and dates of
-- adjudication are those of the decision.
SELECT g.claim_id, g.claim_line_number, g.adjudication_number, c.person_id, g.payer, c.claim_type,
    coalesce(l.place_of_service_code, c.place_of_service_code, substr(c.bill_type_code, 1, 2) || 'X', '(unknown)') AS place,
    l.hcpcs_code, coalesce(l.claim_line_start_date, c.claim_start_date) AS service_date, g.paid_date AS first_paid_date,
    g.decision, g.denial_category, g.denied_amount, coalesce(g.line_charge_amount, g.charge_amount) AS charge_amount
FROM ledger g
LEFT JOIN claims c ON c.claim_id = g.claim_id
LEFT JOIN lines l ON l.claim_id = g.claim_id AND l.claim_line_number = g.claim_line_number
WHERE {turn} AND NOT g.is_reported
    AND g.decision IN ('paid', 'partly denied', 'denied', 'nothing paid')
    AND ({duplicates} OR NOT (g.decision = 'denied' AND coalesce(g.denial_category, '') = 'duplicate'))
