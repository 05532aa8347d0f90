-- One row per claim that replaces or takes back another one: the first version of the claim, over at most five.
-- A replacement names the claim before it by the payer's number, by the sender's, or by ours.
WITH named AS (
    SELECT claim_id, claim_id AS number FROM claims
    UNION
    SELECT claim_id, source_claim_id FROM claims WHERE source_claim_id IS NOT NULL
    UNION
    SELECT claim_id, payer_claim_id FROM adjudications WHERE payer_claim_id IS NOT NULL
),
later AS (
    SELECT claim_id, person_id, original_payer_claim_id AS number, coalesce(received_date, DATE '0001-01-01') AS received
    FROM claims
    WHERE original_payer_claim_id IS NOT NULL
        AND coalesce(frequency_code, substr(bill_type_code, 3, 1), '1') IN ('7', '8')
),
parents AS MATERIALIZED (
    SELECT l.claim_id, min(n.claim_id) AS parent
    FROM later l
    JOIN named n ON n.number = l.number AND n.claim_id <> l.claim_id
    JOIN claims o ON o.claim_id = n.claim_id AND o.person_id = l.person_id
        AND (coalesce(o.received_date, DATE '0001-01-01') < l.received
             OR (coalesce(o.received_date, DATE '0001-01-01') = l.received AND o.claim_id < l.claim_id))
    GROUP BY l.claim_id
)
SELECT a.claim_id, coalesce(d.parent, c.parent, b.parent, a.parent) AS claim_group
FROM parents a
LEFT JOIN parents b ON b.claim_id = a.parent
LEFT JOIN parents c ON c.claim_id = b.parent
LEFT JOIN parents d ON d.claim_id = c.parent
