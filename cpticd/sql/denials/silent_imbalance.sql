-- One row per service row of an adjudication whose charge less adjustments is not what was paid, where the adjustments of
-- the claim as a whole do not make up for it. What a source says without any adjustment cannot be checked.
WITH explained AS (
    SELECT claim_id, adjudication_number, service_number, sum(amount) AS amount
    FROM adjustments
    WHERE service_number IS NOT NULL
    GROUP BY claim_id, adjudication_number, service_number
),
whole AS (
    SELECT claim_id, adjudication_number, sum(CASE WHEN service_number IS NULL THEN amount ELSE 0 END) AS amount
    FROM adjustments
    GROUP BY claim_id, adjudication_number
),
rest AS (
    SELECT p.claim_id, p.adjudication_number, p.service_number, p.claim_line_number, p.hcpcs_code,
        p.submitted_hcpcs_code, p.charge_amount - coalesce(e.amount, 0) - p.paid_amount AS amount
    FROM line_payments p
    LEFT JOIN explained e ON e.claim_id = p.claim_id AND e.adjudication_number = p.adjudication_number
        AND e.service_number = p.service_number
    WHERE p.charge_amount IS NOT NULL AND p.paid_amount IS NOT NULL
),
together AS (
    SELECT r.claim_id, r.adjudication_number, sum(r.amount) - min(w.amount) AS amount
    FROM rest r
    JOIN whole w ON w.claim_id = r.claim_id AND w.adjudication_number = r.adjudication_number
    GROUP BY r.claim_id, r.adjudication_number
)
SELECT r.claim_id, r.claim_line_number, r.adjudication_number, coalesce(a.payer, c.payer, '(unknown)') AS payer,
    r.hcpcs_code, coalesce(r.submitted_hcpcs_code, r.hcpcs_code) AS submitted_hcpcs_code,
    sum(CAST(r.amount AS DOUBLE)) AS amount
FROM rest r
JOIN together t ON t.claim_id = r.claim_id AND t.adjudication_number = r.adjudication_number
JOIN adjudications a ON a.claim_id = r.claim_id AND a.adjudication_number = r.adjudication_number
LEFT JOIN claims c ON c.claim_id = r.claim_id
WHERE abs(t.amount) >= {least} AND abs(r.amount) >= {least}
GROUP BY r.claim_id, r.claim_line_number, r.adjudication_number, coalesce(a.payer, c.payer, '(unknown)'), r.hcpcs_code,
    coalesce(r.submitted_hcpcs_code, r.hcpcs_code)
