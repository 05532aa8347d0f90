-- One row per adjudication of a claim that was returned as unprocessable, in whole or in part: its charges, its remarks.
WITH back AS (
    SELECT g.claim_id, g.adjudication_number, g.payer, max(g.paid_date) AS returned_date,
        count(*) AS lines, sum(CAST(coalesce(g.line_charge_amount, g.charge_amount, 0) AS DOUBLE)) AS charge_amount,
        min(g.rarcs) AS rarcs
    FROM ledger g
    WHERE g.decision = 'returned'
    GROUP BY g.claim_id, g.adjudication_number, g.payer
),
sent AS (
    SELECT v.claim_id, min(c.received_date) AS day
    FROM versions v
    JOIN versions n ON n.chain_id = v.chain_id AND n.version > v.version AND n.relation IN ('replacement', 'resubmission')
    JOIN claims c ON c.claim_id = n.claim_id
    GROUP BY v.claim_id
),
decided AS (
    SELECT claim_id, max(CASE WHEN final_outcome IN ('paid', 'partly denied', 'denied', 'nothing paid') THEN 1 ELSE 0 END) AS is_decided
    FROM services
    GROUP BY claim_id
)
SELECT b.claim_id, b.adjudication_number, c.person_id, b.payer, b.returned_date, CAST(b.lines AS BIGINT) AS lines,
    b.charge_amount, b.rarcs, d.day AS resubmitted_date, coalesce(x.is_decided, 0) = 1 AS is_decided
FROM back b
LEFT JOIN claims c ON c.claim_id = b.claim_id
LEFT JOIN sent d ON d.claim_id = b.claim_id
LEFT JOIN decided x ON x.claim_id = b.claim_id
