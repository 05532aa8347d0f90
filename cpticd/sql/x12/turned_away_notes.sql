-- A note per claim that was turned away, and per refused set that is none of those read.
SELECT
    s.name AS source, 'segment ' || (r.key & 4294967295) AS location, 'claims' AS table_name, 'noted' AS action,
    'warning' AS severity,
    CASE WHEN r.claim_id IS NULL THEN 'turned away before adjudication, and not among the claims that were read: '
         ELSE 'turned away before adjudication: ' END || r.reason AS reason,
    coalesce(r.source_claim_id, '') AS content, r.charge_amount AS amount
FROM x12_rejected r JOIN x12_sources s ON s.number = r.key >> 32
UNION ALL
SELECT
    s.name, 'segment ' || (r.key & 4294967295), 'claims', 'noted', 'warning',
    CASE WHEN r.senders = 0 THEN 'a set of claims was turned away that is not among those read: '
         ELSE 'a set of claims was turned away, and several have its control numbers; none is marked: ' END || r.reason,
    '', NULL
FROM (SELECT DISTINCT key, senders, reason FROM x12_refused_set WHERE senders <> 1) r
JOIN x12_sources s ON s.number = r.key >> 32
ORDER BY ALL
