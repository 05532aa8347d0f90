-- One row per cancellation or adjustment and the claim that it cancels or replaces: the latest one before it that has
-- the control number it names, else its own control number, else (of institutional claims of the feed) its provider and
-- days, which are CMS's key there; elsewhere a provider may bill several claims of a day.
WITH later AS (SELECT * FROM cms_claims WHERE action IN ('cancellation', 'adjustment') AND state IN ('cancellation', 'claim')),
earlier AS (SELECT * FROM cms_claims WHERE state = 'claim'),
found AS (
    SELECT c.number, c.pk, o.claim_id, 1 AS sureness FROM later c
    JOIN earlier o ON o.pk = c.pk AND o.control = c.original_control
    UNION ALL
    SELECT c.number, c.pk, o.claim_id, 2 FROM later c JOIN earlier o ON o.pk = c.pk AND o.control = c.control
    UNION ALL
    SELECT c.number, c.pk, o.claim_id, 3 FROM later c
    JOIN earlier o ON o.pk = c.pk AND o.provider = c.provider AND o.start = c.start AND o.finish = c.finish
        AND o.type_code IS NOT DISTINCT FROM c.type_code
    WHERE c.claim_type = 'institutional' AND o.claim_type = 'institutional' AND (c.feed OR c.action = 'cancellation')
),
ranked AS (
    SELECT
        c.number, c.pk, c.claim_id, c.action, o.claim_id AS earlier_claim_id, c.processed,
        row_number() OVER (
            PARTITION BY c.claim_id
            ORDER BY f.sureness,
                CASE WHEN c.action = 'cancellation' AND abs(o.paid_in_all) IS DISTINCT FROM abs(c.paid_in_all) THEN 1 ELSE 0 END,
                CASE WHEN o.processed < c.processed THEN 0 WHEN o.processed = c.processed THEN 1 ELSE 2 END,
                CASE WHEN o.action = 'adjustment' THEN 1 ELSE 0 END, o.processed DESC, o.claim_id
        ) AS place
    FROM found f
    JOIN cms_claims c ON c.number = f.number AND c.pk = f.pk
    JOIN cms_claims o ON o.claim_id = f.claim_id
    WHERE o.claim_id <> c.claim_id AND (c.action = 'cancellation' OR coalesce(o.processed <= c.processed, true))
)
SELECT
    *,
    CAST(1 + row_number() OVER (PARTITION BY earlier_claim_id, action ORDER BY processed, claim_id) AS INTEGER)
        AS adjudication_number
FROM ranked
WHERE place = 1
