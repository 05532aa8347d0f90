-- One row per row of a file that has no place: cancellations of claims that no file has, and parts without their claim.
WITH lost AS (
    SELECT
        number, pk, claim_id,
        CASE WHEN state = 'nothing' THEN 'no file has the claim of this number' ELSE 'cancels a claim that no file has' END
            AS reason
    FROM cms_claims
    WHERE state = 'nothing' OR (
        state = 'cancellation' AND claim_id NOT IN (SELECT claim_id FROM cms_families WHERE action = 'cancellation'))
)
SELECT l.src, l.place, coalesce(l.line_charge, l.allowed) AS amount, o.reason, o.claim_id AS content
FROM cms_others l JOIN lost o ON o.number = l.number AND o.pk = l.pk
UNION ALL
SELECT p.src, NULL, p.charge, o.reason, o.claim_id
FROM cms_parts p
JOIN lost o ON o.number = p.number AND o.pk = p.pk
JOIN cms_rows r ON r.src = p.src AND NOT r.lines_of
ORDER BY 1, 2, 5
