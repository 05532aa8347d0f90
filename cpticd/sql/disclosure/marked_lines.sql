-- One row per service line that is marked, itself or by a mark of its claim as a whole.
SELECT DISTINCT o.claim_id, o.claim_line_number
FROM line_outcomes o
JOIN {lines} m ON m.claim_id = o.claim_id AND (m.line IS NULL OR m.line = o.claim_line_number)
