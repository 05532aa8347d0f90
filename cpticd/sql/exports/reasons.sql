-- One row per adjustment of a decision on a line, in order: its own, then its part of those of the claim as a whole, which
-- are spread as the ledger spreads them: by charge, over the lines whose own adjustments leave something.
WITH decided AS (
    SELECT
        d.claim_id, d.adjudication_number, d.claim_line_number AS line, d.charge_amount AS charge,
        EXISTS (SELECT 1 FROM line_payments p JOIN lines l ON l.claim_id = p.claim_id
                    AND l.claim_line_number = p.claim_line_number
                WHERE p.claim_id = d.claim_id AND p.adjudication_number = d.adjudication_number) AS is_itemized,
        s.total
    FROM ledger d
    LEFT JOIN (
        SELECT claim_id, adjudication_number, claim_line_number, sum(amount) AS total
        FROM adjustments GROUP BY claim_id, adjudication_number, claim_line_number
    ) s ON s.claim_id = d.claim_id AND s.adjudication_number = d.adjudication_number
        AND s.claim_line_number = d.claim_line_number
),
weighed AS (
    SELECT *,
        CASE WHEN is_itemized AND abs(total) >= abs(charge) THEN 0 ELSE abs(CAST(coalesce(charge, 0) AS DOUBLE)) END AS weight
    FROM decided
    WHERE (claim_id, adjudication_number) IN (
        SELECT (claim_id, adjudication_number) FROM adjustments WHERE coalesce(claim_line_number, 0) = 0)
),
shares AS (
    SELECT
        claim_id, adjudication_number, line,
        CASE WHEN sum(weight) OVER every > 0 THEN sum(weight) OVER upto / sum(weight) OVER every
             ELSE CAST(row_number() OVER upto AS DOUBLE) / count(*) OVER every END AS upto,
        CASE WHEN sum(weight) OVER every > 0 THEN (sum(weight) OVER upto - weight) / sum(weight) OVER every
             ELSE CAST(row_number() OVER upto - 1 AS DOUBLE) / count(*) OVER every END AS before
    FROM weighed
    WINDOW every AS (PARTITION BY claim_id, adjudication_number),
        upto AS (PARTITION BY claim_id, adjudication_number ORDER BY line ROWS UNBOUNDED PRECEDING)
),
reasons AS (
    SELECT claim_id, adjudication_number, claim_line_number AS line, 0 AS is_whole, service_number, adjustment_position,
        group_code, carc, amount
    FROM adjustments
    WHERE claim_line_number > 0
    UNION ALL
    SELECT s.claim_id, s.adjudication_number, s.line, 1, a.service_number, a.adjustment_position, a.group_code, a.carc,
        CAST(round(CAST(a.amount AS DOUBLE) * s.upto, 2) - round(CAST(a.amount AS DOUBLE) * s.before, 2) AS DECIMAL(18,2))
    FROM shares s
    JOIN adjustments a ON a.claim_id = s.claim_id AND a.adjudication_number = s.adjudication_number
        AND coalesce(a.claim_line_number, 0) = 0
)
SELECT
    claim_id, adjudication_number, line, group_code, carc, coalesce(amount, 0) AS amount,
    row_number() OVER (
        PARTITION BY claim_id, adjudication_number, line
        ORDER BY is_whole, service_number NULLS FIRST, adjustment_position, group_code, carc, amount
    ) AS n
FROM reasons
WHERE is_whole = 0 OR amount <> 0
