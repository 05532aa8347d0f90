-- One row per reason (CARC) of a decision: of a line, or (line null) of the claim as a whole; group and amount where known.
WITH placed AS (
    SELECT q.*, w.claim_r, w.line, w.charge, w.paid, w.noncovered
    FROM fhir_reasons q
    JOIN fhir_answered w ON w.r = q.r AND w.n = q.n AND (w.d = q.d OR w.d = 0)
    UNION ALL
    SELECT q.*, e.claim_r, NULL, NULL, NULL, NULL
    FROM fhir_reasons q JOIN fhir_decisions e ON e.r = q.r
    WHERE q.n = 0
),
groups AS (
    SELECT r, line, min(group_code) AS group_code FROM placed WHERE kind = 'group' AND group_code IS NOT NULL
    GROUP BY r, line HAVING count(DISTINCT group_code) = 1
)
SELECT p.r, p.claim_r, p.line, min((p.d, p.s, p.k, p.j)) AS place, coalesce(p.group_code, g.group_code) AS group_code, p.carc, p.amount
FROM placed p
LEFT JOIN groups g ON g.r = p.r AND g.line IS NOT DISTINCT FROM p.line
WHERE p.carc IS NOT NULL
GROUP BY p.r, p.claim_r, p.line, coalesce(p.group_code, g.group_code), p.carc, p.amount
