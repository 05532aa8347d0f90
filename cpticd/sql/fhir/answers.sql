-- One row per ClaimResponse that answers a Claim of the data: which.
SELECT a.r, min(c.r) AS claim_r
FROM fhir_claims a
JOIN fhir_fates f ON f.r = a.r AND f.reason IS NULL
JOIN fhir_claims c ON c.kind = 'Claim' AND a.request IN (c.id, c.number)
JOIN fhir_fates g ON g.r = c.r AND g.reason IS NULL
WHERE a.kind = 'ClaimResponse'
GROUP BY a.r
