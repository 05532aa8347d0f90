-- One row per group: adjudicated rows of {unit}, of which denied, and what the interval of a ratio of dollars needs.
WITH used AS (
    SELECT {select} o.claim_id, o.{decision}_outcome AS outcome,
        CAST(coalesce(o.charge_amount, 0) AS DOUBLE) AS charge,
        CAST(coalesce(o.{amount}, 0) AS DOUBLE) AS amount
    FROM {relation} o {joins}
    WHERE o.{decision}_outcome IN ('paid', 'partly denied', 'denied', 'nothing paid')
        AND {mature}
),
per_claim AS (
    SELECT {columns} claim_id, count(*) AS n, sum(charge) AS charge, sum(amount) AS amount,
        sum(CASE WHEN outcome = 'denied' THEN 1 ELSE 0 END) AS denied,
        sum(CASE WHEN outcome = 'partly denied' THEN 1 ELSE 0 END) AS partly_denied,
        sum(CASE WHEN outcome = 'partly denied' THEN amount ELSE 0 END) AS partly_amount
    FROM used
    GROUP BY {columns} claim_id
)
SELECT {columns} sum(n) AS n, sum(denied) AS denied, sum(partly_denied) AS partly_denied,
    sum(charge) AS charge, sum(amount) AS denied_amount, sum(partly_amount) AS partly_amount,
    count(*) AS claims, sum(charge * charge) AS xx, sum(charge * amount) AS xy, sum(amount * amount) AS yy
FROM per_claim
{group}
