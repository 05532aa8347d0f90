-- One row per claim that has more than one answer, or one that speaks of more than its lines, each in one row.
SELECT claim_id
FROM (
    SELECT
        claim_id, adjudication_number, 0 AS answered, 0 AS explained,
        CASE WHEN patient_responsibility_amount > 0 THEN 1 ELSE 0 END AS shared, 0 AS odd
    FROM adjudications
    UNION ALL
    SELECT
        p.claim_id, p.adjudication_number, 1, 0, 0,
        CASE WHEN count(*) > 1 OR count(l.claim_id) = 0 OR p.claim_line_number <= 0 THEN 1 ELSE 0 END
    FROM line_payments p
    LEFT JOIN lines l ON l.claim_id = p.claim_id AND l.claim_line_number = p.claim_line_number
    GROUP BY p.claim_id, p.adjudication_number, p.claim_line_number
    UNION ALL
    SELECT claim_id, adjudication_number, 0, 1, 0, CASE WHEN coalesce(claim_line_number, 0) = 0 THEN 1 ELSE 0 END
    FROM adjustments
    UNION ALL
    SELECT claim_id, adjudication_number, 0, 0, 0, 1 FROM remarks WHERE coalesce(claim_line_number, 0) = 0
) said
GROUP BY claim_id
HAVING min(adjudication_number) <> max(adjudication_number) OR max(answered) = 0 OR max(odd) = 1
    OR (max(shared) = 1 AND max(explained) = 0)
