-- One row per group, claim and decision of a primary payer: whether it leaves nothing paid on any line, and the charges
-- of the group's lines.
WITH whole AS (
    SELECT claim_id, adjudication_number, count(*) AS n,
        count(CASE WHEN decision IN ('denied', 'nothing paid') THEN 1 END) AS nothing
    FROM payer_decisions
    GROUP BY claim_id, adjudication_number
),
grouped AS (
    SELECT {select} o.claim_id, o.adjudication_number, o.claim_line_number,
        CAST(coalesce(max(o.charge_amount), 0) AS DOUBLE) * sum({part}) AS charge
    FROM payer_decisions o
    {joins}
    GROUP BY {plain} o.claim_id, o.adjudication_number, o.claim_line_number
)
SELECT {columns} g.claim_id, CASE WHEN min(w.nothing) = min(w.n) THEN 1 ELSE 0 END AS hit,
    sum(g.charge) AS whole, CASE WHEN min(w.nothing) = min(w.n) THEN sum(g.charge) ELSE 0 END AS part
FROM grouped g
JOIN whole w ON w.claim_id = g.claim_id AND w.adjudication_number = g.adjudication_number
GROUP BY {columns} g.claim_id, g.adjudication_number
