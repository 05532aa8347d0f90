-- Lines, those with a payment, an allowed amount, and those that a denial code names, of what has been loaded.
WITH denied AS (
    SELECT DISTINCT a.claim_id, a.claim_line_number
    FROM adjustments a LEFT JOIN loading_carcs c ON c.carc = a.carc
    WHERE coalesce(c.is_denial, a.carc IS NOT NULL OR coalesce(a.group_code, '') <> 'PR')
),
answers AS (
    SELECT claim_id, claim_line_number, max(coalesce(paid_amount, 0)) AS paid, max(coalesce(allowed_amount, 0)) AS allowed
    FROM line_payments GROUP BY claim_id, claim_line_number
)
SELECT
    count(*) AS lines,
    count(*) FILTER (WHERE a.paid > 0 OR a.allowed > 0) AS paid,
    count(*) FILTER (WHERE d.claim_id IS NOT NULL OR w.claim_id IS NOT NULL) AS denied
FROM lines l
LEFT JOIN answers a ON a.claim_id = l.claim_id AND a.claim_line_number = l.claim_line_number
LEFT JOIN denied d ON d.claim_id = l.claim_id AND d.claim_line_number = l.claim_line_number
LEFT JOIN (SELECT DISTINCT claim_id FROM denied WHERE claim_line_number IS NULL) w ON w.claim_id = l.claim_id
