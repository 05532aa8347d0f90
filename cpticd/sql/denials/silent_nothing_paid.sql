-- One row per service that is neither paid nor denied: with the last decision that pays nothing, and what is expected.
WITH last AS (
    SELECT claim_id, claim_line_number, max(adjudication_number) AS adjudication_number
    FROM ledger WHERE decision = 'nothing paid' AND NOT is_cancelled
    GROUP BY claim_id, claim_line_number
)
SELECT o.claim_id, o.claim_line_number, coalesce(d.adjudication_number, z.adjudication_number) AS adjudication_number, o.payer, o.hcpcs_code,
    o.hcpcs_code AS submitted_hcpcs_code, e.expected AS amount
FROM services o
LEFT JOIN last d ON d.claim_id = o.claim_id AND d.claim_line_number = o.claim_line_number
LEFT JOIN last z ON z.claim_id = o.last_claim_id AND z.claim_line_number = o.last_claim_line_number
LEFT JOIN expected_prices e ON e.claim_id = o.claim_id AND e.claim_line_number = o.claim_line_number
WHERE o.final_outcome = 'nothing paid'
