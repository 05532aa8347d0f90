-- One row per boundary and line near it that bears no code of any group of the boundary.
SELECT n.*
FROM near_lines n
LEFT JOIN (SELECT DISTINCT boundary, claim_id, claim_line_number FROM touched_lines) t
    ON t.boundary = n.boundary AND t.claim_id = n.claim_id AND t.claim_line_number = n.claim_line_number
WHERE t.boundary IS NULL
