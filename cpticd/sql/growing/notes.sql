-- What there is to say of single claims, with the claim: what of them was sent again, changed, or does not balance.
WITH claims_of AS (
    SELECT l.remit AS key, i.claim_id FROM x12_link l JOIN x12_id i ON i.key = l.claim
    UNION ALL
    SELECT d.key, i.claim_id FROM x12_resent d JOIN x12_id i ON i.key = d.kept
)
SELECT n.* EXCLUDE (key), c.claim_id
FROM notes_found n
LEFT JOIN claims_of c ON c.key = n.key
WHERE n.location <> ''
