-- One row per line and reversal that left less paid than before it: what had been paid, less what stands now.
WITH reversed AS (
    SELECT claim_id, claim_line_number, payer, max(adjudication_number) AS adjudication_number
    FROM ledger WHERE decision = 'reversed' GROUP BY claim_id, claim_line_number, payer
),
before AS (
    SELECT d.claim_id, d.claim_line_number, max(r.adjudication_number) AS adjudication_number,
        max(CASE WHEN d.is_cancelled THEN d.paid_amount END) AS paid_amount
    FROM ledger d
    JOIN reversed r ON r.claim_id = d.claim_id AND r.claim_line_number = d.claim_line_number AND r.payer = d.payer
    GROUP BY d.claim_id, d.claim_line_number
)
SELECT b.claim_id, b.claim_line_number, b.adjudication_number, o.payer, o.hcpcs_code,
    o.hcpcs_code AS submitted_hcpcs_code,
    CAST(b.paid_amount AS DOUBLE) - CAST(coalesce(o.paid_amount, 0) AS DOUBLE) AS amount
FROM before b
JOIN line_outcomes o ON o.claim_id = b.claim_id AND o.claim_line_number = b.claim_line_number
WHERE b.paid_amount > coalesce(o.paid_amount, 0)
