-- One row per claim that a later claim of the same person replaces (7) or takes back (8).
-- A replacement names the claim that it replaces by the payer's number, by the sender's, or by ours. Of several
-- that name the same one, the last received stands.
-- The frequency code is the third character of a bill type where it does not stand by itself.
WITH numbered AS (
    SELECT claim_id, person_id, original_reference_number,
           coalesce(received_date, DATE '0001-01-01') AS received,
           coalesce(claim_frequency_code, substr(bill_type_code, 3, 1), '1') AS frequency
    FROM claims
),
later AS (
    SELECT claim_id, person_id, original_reference_number AS named, received
    FROM numbered
    WHERE frequency IN ('7', '8') AND original_reference_number IS NOT NULL AND person_id IS NOT NULL
),
named AS (
    SELECT claim_id, claim_id AS number FROM claims
    UNION
    SELECT claim_id, source_claim_id FROM claims WHERE source_claim_id IS NOT NULL
    UNION
    SELECT claim_id, payer_claim_id FROM adjudications WHERE payer_claim_id IS NOT NULL
),
replaced AS (
    SELECT o.claim_id
    FROM later r
    JOIN named n ON n.number = r.named AND n.claim_id <> r.claim_id
    JOIN numbered o ON o.claim_id = n.claim_id AND o.person_id = r.person_id
    WHERE o.frequency NOT IN ('7', '8') OR o.received < r.received
       OR (o.received = r.received AND o.claim_id < r.claim_id)
),
ranked AS (
    SELECT claim_id,
           row_number() OVER (PARTITION BY person_id, named ORDER BY received DESC, claim_id DESC) AS place
    FROM later
)
SELECT claim_id FROM replaced
UNION
SELECT claim_id FROM ranked WHERE place > 1
