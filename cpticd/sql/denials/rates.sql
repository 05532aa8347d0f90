-- One row per adjudicated row of {unit}, in each group: whether it is denied, and its dollars.
SELECT {select} o.claim_id, CASE WHEN o.{decision}_outcome = 'denied' THEN 1 ELSE 0 END AS hit,
    CAST(coalesce(o.charge_amount, 0) AS DOUBLE) AS whole, CAST(coalesce(o.{amount}, 0) AS DOUBLE) AS part,
    CASE WHEN o.{decision}_outcome = 'partly denied' THEN 1 ELSE 0 END AS partly_denied,
    CASE WHEN o.{decision}_outcome = 'partly denied' THEN CAST(coalesce(o.{amount}, 0) AS DOUBLE) ELSE 0 END AS partly_amount
FROM {source} o {joins}
WHERE o.{decision}_outcome IN ('paid', 'partly denied', 'denied', 'nothing paid') AND {mature}
