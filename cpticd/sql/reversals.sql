-- Reversals and the decisions before them, of claims that have some: first those that repeat all, one by one; then each
-- reversal that is left takes the last decision before it that none has cancelled.
-- A correction may stand before its reversal; then the numbers of the payer tell which decision is meant.
taken AS (
    SELECT claim_id, line, adjudication_number, payer, is_reversal, coalesce(payer_claim_id, '') AS number,
        abs(coalesce(charge, 0)) AS charge, abs(coalesce(own_paid, 0)) AS own_paid,
        decision IN ('paid', 'partly denied', 'denied', 'nothing paid') AS is_decision, pended <> 0 AS is_pended
    FROM decided
    WHERE decision <> 'predetermined' AND claim_id IN (SELECT claim_id FROM decided WHERE decision = 'reversed')
),
repeats AS (
    SELECT *,
        row_number() OVER (
            PARTITION BY claim_id, line, payer, number, charge, own_paid, is_pended, is_reversal ORDER BY adjudication_number
        ) AS k,
        count(*) OVER (PARTITION BY claim_id, line, payer, number, charge, own_paid, is_pended) AS n,
        count(CASE WHEN is_reversal THEN 1 END) OVER (
            PARTITION BY claim_id, line, payer, number, charge, own_paid, is_pended
        ) AS reversals
    FROM taken
),
matched AS (
    SELECT *, k <= CASE WHEN is_reversal THEN n - reversals ELSE reversals END AS is_exact
    FROM repeats
),
followed AS (
    SELECT *,
        min(CASE WHEN is_reversal AND NOT is_exact THEN adjudication_number END) OVER later AS next_reversal,
        min(CASE WHEN is_decision AND NOT is_exact THEN adjudication_number END) OVER later AS next_decision
    FROM matched
    WINDOW later AS (
        PARTITION BY claim_id, line, payer ORDER BY adjudication_number ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
    )
),
cancelled AS (
    SELECT claim_id, line, adjudication_number
    FROM followed
    WHERE NOT is_reversal AND (is_exact OR (is_decision AND next_reversal < coalesce(next_decision, next_reversal + 1)))
)
