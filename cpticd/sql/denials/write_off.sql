-- One row per settled service (in each group): what was allowed for it or, where it stays denied, would have been.
SELECT {select} o.claim_id, CASE WHEN o.final_outcome = 'denied' THEN 1 ELSE 0 END AS hit,
    o.final_outcome = 'denied' AND e.expected IS NULL AS unpriced,
    CASE WHEN o.final_outcome = 'denied' THEN coalesce(e.expected, 0) * {part}
         ELSE CAST(coalesce(o.allowed_amount, 0) AS DOUBLE) END AS whole,
    CASE WHEN o.final_outcome = 'denied' THEN coalesce(e.expected, 0) * {part} ELSE 0 END AS part
FROM {source} o
{joins}
LEFT JOIN {prices} e ON e.claim_id = o.claim_id AND e.claim_line_number = o.claim_line_number
WHERE {of} AND {kept}
