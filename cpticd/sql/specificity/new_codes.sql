-- One row per boundary and group: of its lines after the boundary the share that bear a code that came on it.
WITH after AS (
    SELECT g.boundary, g.system, g.code_group, o.claim_id, o.claim_line_number,
        max(CASE WHEN g.role = 'new' THEN 1 ELSE 0 END) AS is_new
    FROM borne_codes c
    JOIN code_groups g ON g.system = c.system AND g.code = c.code
    JOIN boundaries b ON b.boundary = g.boundary
    JOIN standing_lines o ON o.claim_id = c.claim_id AND o.claim_line_number = c.claim_line_number
    WHERE o.month >= b.boundary AND o.month <= b.last
    GROUP BY g.boundary, g.system, g.code_group, o.claim_id, o.claim_line_number
)
SELECT boundary, system, code_group, avg(CAST(is_new AS DOUBLE)) AS new_code_share
FROM after GROUP BY boundary, system, code_group
