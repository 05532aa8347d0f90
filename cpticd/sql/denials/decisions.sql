-- One row per group and line of a payer's decision: whether it denies the line, its charge, and what of it is denied.
SELECT {columns} claim_id, MAX(hit) AS hit, MAX(charge) * sum(part) AS whole, CASE WHEN MAX(hit) = 1 THEN MAX(denied) * sum(part) ELSE 0 END AS part,
    MAX(denial_category) AS category
FROM (
    SELECT {select} o.claim_id, o.adjudication_number, o.claim_line_number, o.denial_category,
        CASE WHEN o.decision = 'denied' THEN 1 ELSE 0 END AS hit,
        CAST(coalesce(o.charge_amount, 0) AS DOUBLE) AS charge, CAST(coalesce(o.denied_amount, 0) AS DOUBLE) AS denied,
        {part} AS part
    FROM payer_decisions o
    {joins}
) x
GROUP BY {columns} claim_id, adjudication_number, claim_line_number
