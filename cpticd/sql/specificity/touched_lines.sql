-- One row per boundary, group of changed codes, and line near it that bears one of them.
SELECT DISTINCT n.boundary, g.code_group, g.system, g.family, n.claim_id, n.claim_line_number, n.person_id, n.month,
    n.adjudicated, n.denied
FROM near_lines n
JOIN borne_codes c ON c.claim_id = n.claim_id AND c.claim_line_number = n.claim_line_number
JOIN code_groups g ON g.boundary = n.boundary AND g.system = c.system AND g.code = c.code
