SELECT
    h.claim_id, t.adjudication_number, a.line AS service_number, a.line AS claim_line_number,
    CAST(row_number() OVER (PARTITION BY a.r, a.line, t.turn ORDER BY a.place) AS INTEGER) AS adjustment_position,
    a.group_code, a.carc, t.sign * a.amount AS amount, c.source AS _source
FROM fhir_adjustments a
JOIN fhir_outcomes o ON o.r = a.r
JOIN fhir_headers h ON h.r = a.claim_r
JOIN fhir_claims c ON c.r = a.r
JOIN fhir_turns t ON t.r = o.r
