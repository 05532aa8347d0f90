-- One row per boundary and group: of its lines after the boundary the share that bear a code that came on it.
WITH borne AS (
    SELECT DISTINCT p.claim_id, p.claim_line_number, 'diagnosis' AS system, p.diagnosis_code AS code FROM pairs p
    UNION ALL
    SELECT o.claim_id, o.claim_line_number, 'procedure' AS system, o.hcpcs_code AS code FROM {lines} o
),
after AS (
    SELECT g.boundary, g.system, g.code_group, o.claim_id, o.claim_line_number,
        max(CASE WHEN g.role = 'new' THEN 1 ELSE 0 END) AS is_new
    FROM borne c
    JOIN {groups} g ON g.system = c.system AND g.code = c.code
    JOIN {boundaries} b ON b.boundary = g.boundary
    JOIN {lines} o ON o.claim_id = c.claim_id AND o.claim_line_number = c.claim_line_number
    WHERE o.month >= b.boundary AND o.month <= b.last
    GROUP BY g.boundary, g.system, g.code_group, o.claim_id, o.claim_line_number
)
SELECT boundary, system, code_group, avg(CAST(is_new AS DOUBLE)) AS new_code_share
FROM after GROUP BY boundary, system, code_group
