-- One row per denied or partly denied line, in each group: its root cause, and its denied dollars.
SELECT {select} o.claim_id, o.denial_category AS category, CASE WHEN o.initial_outcome = 'denied' THEN 1 ELSE 0 END AS is_denied,
    CAST(coalesce(o.denied_amount, 0) AS DOUBLE) AS denied_amount
FROM {source} o {joins}
WHERE o.initial_outcome IN ('denied', 'partly denied') AND {kept}
