-- One row: findings that name no line or claim of these, and findings whose line or claim is not adjudicated.
SELECT
    count(CASE WHEN seen.claim_id IS NULL THEN 1 END) AS astray,
    count(CASE WHEN seen.claim_id IS NOT NULL AND seen.adjudicated = 0 THEN 1 END) AS open
FROM rule_findings f
LEFT JOIN (
    SELECT claim_id, claim_line_number,
        max(CASE WHEN initial_outcome IN ('paid', 'partly denied', 'denied', 'nothing paid') THEN 1 ELSE 0 END) AS adjudicated
    FROM line_outcomes GROUP BY claim_id, claim_line_number
    UNION ALL
    SELECT claim_id, CAST(NULL AS INTEGER) AS claim_line_number,
        max(CASE WHEN initial_outcome IN ('paid', 'partly denied', 'denied', 'nothing paid') THEN 1 ELSE 0 END) AS adjudicated
    FROM line_outcomes GROUP BY claim_id
) seen ON seen.claim_id = f.claim_id AND coalesce(seen.claim_line_number, -1) = coalesce(f.claim_line_number, -1)
