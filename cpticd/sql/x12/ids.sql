-- The identifier of every claim that is loaded: the sender's number where it is the only one, else numbered.
CREATE TEMP TABLE x12_id AS
WITH every AS (
    SELECT key, source_claim_id AS number FROM x12_claims ANTI JOIN x12_resent USING (key)
    UNION ALL
    SELECT o.claim, r.source_claim_id FROM x12_origin o JOIN x12_remits r ON r.key = o.remit
),
first_try AS (
    SELECT
        key, CASE WHEN number IS NOT NULL AND taken.claim_id IS NULL AND count(*) OVER (PARTITION BY number) = 1 THEN number
            ELSE coalesce(number, 'claim') || '#' || row_number() OVER (PARTITION BY number ORDER BY key) END AS claim_id
    FROM every LEFT JOIN x12_taken taken ON taken.claim_id = number
)
-- A number made up here may be another sender's own number: then the place settles it.
SELECT
    f.key, CASE WHEN taken.claim_id IS NOT NULL OR count(*) OVER (PARTITION BY f.claim_id) > 1
        THEN f.claim_id || '/' || f.key ELSE f.claim_id END AS claim_id
FROM first_try f LEFT JOIN x12_taken taken ON taken.claim_id = f.claim_id
UNION ALL
SELECT key, claim_id FROM x12_known;
-- The identifier of every remittance: its trace number where it is the only one, else numbered within the source.
CREATE TEMP TABLE x12_payment_id AS
WITH first_try AS (
    SELECT
        p.key, CASE WHEN p.trace_number IS NOT NULL AND count(*) OVER (PARTITION BY p.trace_number) = 1 THEN p.trace_number
            ELSE coalesce(p.trace_number, 'payment') || '#'
                || row_number() OVER (PARTITION BY p.trace_number ORDER BY p.key) END AS payment_id
    FROM x12_payments p
)
SELECT
    f.key, CASE WHEN taken.payment_id IS NOT NULL OR count(*) OVER (PARTITION BY f.payment_id) > 1
        THEN f.payment_id || '/' || f.key ELSE f.payment_id END AS payment_id
FROM first_try f LEFT JOIN x12_taken_payments taken ON taken.payment_id = f.payment_id;
