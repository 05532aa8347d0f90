-- One row per line for which less stands as paid after a reversal than before it.
WITH reversals AS (
    SELECT claim_id, max(adjudication_number) AS adjudication_number
    FROM adjudications WHERE claim_status_code = '22' GROUP BY claim_id
),
before AS (
    SELECT d.claim_id, d.claim_line_number, max(d.paid_amount) AS paid_amount
    FROM adjudicated_lines d
    JOIN reversals r ON r.claim_id = d.claim_id AND d.adjudication_number < r.adjudication_number
    GROUP BY d.claim_id, d.claim_line_number
)
SELECT b.claim_id, b.claim_line_number, r.adjudication_number, o.payer, o.hcpcs_code,
    o.hcpcs_code AS submitted_hcpcs_code,
    CAST(b.paid_amount AS DOUBLE) - CAST(coalesce(o.paid_amount, 0) AS DOUBLE) AS amount
FROM before b
JOIN reversals r ON r.claim_id = b.claim_id
JOIN line_outcomes o ON o.claim_id = b.claim_id AND o.claim_line_number = b.claim_line_number
WHERE b.paid_amount > coalesce(o.paid_amount, 0)
