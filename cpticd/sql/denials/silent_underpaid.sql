-- One row per paid service of which less was allowed than a contract or fee schedule of the user's says.
WITH last AS (
    SELECT claim_id, claim_line_number, max(adjudication_number) AS adjudication_number
    FROM ledger WHERE decision = 'paid' AND NOT is_cancelled
    GROUP BY claim_id, claim_line_number
)
SELECT o.claim_id, o.claim_line_number, coalesce(d.adjudication_number, z.adjudication_number) AS adjudication_number, o.payer, o.hcpcs_code,
    o.hcpcs_code AS submitted_hcpcs_code,
    round(greatest(CAST(coalesce(l.service_unit_quantity, 1) AS DOUBLE), 1) * x.amount, 2)
        - CAST(o.allowed_amount AS DOUBLE) AS amount
FROM services o
JOIN contract_amounts x ON x.claim_id = o.claim_id AND x.claim_line_number = o.claim_line_number
LEFT JOIN last d ON d.claim_id = o.claim_id AND d.claim_line_number = o.claim_line_number
LEFT JOIN last z ON z.claim_id = o.last_claim_id AND z.claim_line_number = o.last_claim_line_number
LEFT JOIN lines l ON l.claim_id = o.claim_id AND l.claim_line_number = o.claim_line_number
WHERE o.final_outcome = 'paid'
    AND CAST(o.allowed_amount AS DOUBLE)
        < round(greatest(CAST(coalesce(l.service_unit_quantity, 1) AS DOUBLE), 1) * x.amount, 2) - {least} / 2
