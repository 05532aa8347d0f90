-- What the join has to say: claims that were sent again, numbers that were changed, remittances without a claim.
SELECT
    s.name AS source, 'segment ' || (d.key & 4294967295) AS location, 'claims' AS table_name, 'rejected' AS action,
    'warning' AS severity, 'a claim sent again unchanged: counted once, as that of ' || o.name || ', segment ' || (d.kept & 4294967295) AS reason,
    'claim ' || c.source_claim_id || ', charge ' || coalesce(c.charge_amount::VARCHAR, '') AS content,
    c.charge_amount AS amount, d.key
FROM x12_resent d
JOIN x12_claims c ON c.key = d.key
JOIN x12_sources s ON s.number = d.key >> 32
JOIN x12_sources o ON o.number = d.kept >> 32
UNION ALL
SELECT
    s.name, 'segment ' || (m.remit & 4294967295), 'adjudications', 'noted', 'warning',
    'the claim number of the remittance is no claim''s; matched by person, provider, day, charge and procedures',
    'number ' || coalesce(r.source_claim_id, '(none)') || ' answers claim ' || c.source_claim_id, NULL, m.remit
FROM x12_changed m
JOIN x12_remits r ON r.key = m.remit
JOIN x12_every_claim c ON c.key = m.claim
JOIN x12_sources s ON s.number = m.remit >> 32
UNION ALL
SELECT
    s.name, '', 'adjudications', 'noted', 'note',
    'remittance claims that answer no claim of the files, which stand as claims of their own: ' || count(*),
    'such as ' || min(coalesce(r.source_claim_id, '(no number)')), NULL, min(l.remit)
FROM x12_link l JOIN x12_remits r ON r.key = l.remit JOIN x12_sources s ON s.number = l.remit >> 32
WHERE NOT l.matched AND EXISTS (SELECT 1 FROM x12_every_claim)
GROUP BY s.name
ORDER BY key, location
