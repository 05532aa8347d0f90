WITH listed AS (
    SELECT r, line, unnest(pointers) AS sequence, generate_subscripts(pointers, 1) AS k FROM fhir_lines WHERE line IS NOT NULL
),
known AS (
    SELECT l.r, l.line, min(l.k) AS k, x.position
    FROM listed l JOIN fhir_positions x ON x.r = l.r AND x.sequence = l.sequence
    GROUP BY l.r, l.line, x.position
)
SELECT h.claim_id, k.line AS claim_line_number, CAST(row_number() OVER (PARTITION BY k.r, k.line ORDER BY k.k) AS INTEGER) AS pointer_position,
    k.position AS diagnosis_position, h.source AS _source
FROM known k JOIN fhir_headers h ON h.r = k.r
