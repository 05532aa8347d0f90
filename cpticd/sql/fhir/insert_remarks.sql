WITH placed AS (
    SELECT q.r, w.line, q.rarc, min((q.k, q.j)) AS place
    FROM fhir_reasons q JOIN fhir_answered w ON w.r = q.r AND w.n = q.n AND (w.d = q.d OR w.d = 0)
    WHERE q.rarc IS NOT NULL GROUP BY q.r, w.line, q.rarc
    UNION ALL
    SELECT r, NULL, rarc, min((k, j)) FROM fhir_reasons WHERE n = 0 AND rarc IS NOT NULL GROUP BY r, rarc
)
SELECT
    h.claim_id, t.adjudication_number, p.line AS service_number, p.line AS claim_line_number,
    CAST(row_number() OVER (PARTITION BY p.r, p.line ORDER BY p.place) AS INTEGER) AS remark_position, p.rarc, c.source AS _source
FROM placed p
JOIN fhir_outcomes o ON o.r = p.r
JOIN fhir_turns t ON t.r = o.r AND t.turn = 1
JOIN fhir_headers h ON h.r = o.claim_r
JOIN fhir_claims c ON c.r = o.r
