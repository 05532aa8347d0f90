-- Claims of the files whose number a claim of other files has.
SELECT s.name AS source, count(*) AS claims, min(c.source_claim_id) AS old, arg_min(i.claim_id, c.source_claim_id) AS new
FROM x12_claims c
JOIN x12_taken t ON t.claim_id = c.source_claim_id
JOIN x12_id i ON i.key = c.key
JOIN x12_sources s ON s.number = c.key >> 32
GROUP BY s.name ORDER BY s.name
