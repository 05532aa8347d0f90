-- One row per service of {wanted}: what is expected to be allowed for one unit of it, by what, and of how many services.
-- What its payer allowed for the procedure, its modifiers and place in the year up to {day}; else what other payers of
-- the kind did; else what a contract or fee schedule says. A line without a procedure goes by its revenue center.
WITH {priced},
{prices},
scheduled AS (
    SELECT claim_id, claim_line_number, amount FROM ({contract}) x
)
SELECT a.claim_id, a.claim_line_number,
    a.units * coalesce(o.price, q.price, c.amount) AS expected,
    CASE WHEN o.price IS NOT NULL THEN 'payer' WHEN q.price IS NOT NULL THEN 'payers of the kind'
         WHEN c.amount IS NOT NULL THEN 'contract' END AS expected_source,
    CASE WHEN o.price IS NOT NULL THEN o.n WHEN q.price IS NOT NULL THEN q.n END AS expected_lines
FROM asked a
LEFT JOIN own o ON o.payer = a.payer AND o.hcpcs_code = a.hcpcs_code AND o.modifiers = a.modifiers AND o.place = a.place
LEFT JOIN others q ON q.payer = a.payer AND q.payer_kind = a.payer_kind AND q.hcpcs_code = a.hcpcs_code
    AND q.modifiers = a.modifiers AND q.place = a.place
LEFT JOIN scheduled c ON c.claim_id = a.claim_id AND c.claim_line_number = a.claim_line_number
