-- One row per boundary, group of changed codes and month from it; group '' are the untouched codes of each family:
-- lines that bear no code of any group of the boundary.
WITH of_family AS (
    SELECT DISTINCT u.boundary, f.system, f.family, u.claim_id, u.claim_line_number, u.month, u.adjudicated, u.denied
    FROM untouched_lines u
    JOIN borne_codes c ON c.claim_id = u.claim_id AND c.claim_line_number = u.claim_line_number
    JOIN code_families f ON f.system = c.system AND f.code = c.code
)
SELECT boundary, code_group, system, family, month, count(*) AS lines, CAST(sum(adjudicated) AS BIGINT) AS adjudicated,
    CAST(sum(denied) AS BIGINT) AS denied
FROM touched_lines GROUP BY boundary, code_group, system, family, month
UNION ALL
SELECT boundary, '' AS code_group, system, family, month, count(*) AS lines, CAST(sum(adjudicated) AS BIGINT) AS adjudicated,
    CAST(sum(denied) AS BIGINT) AS denied
FROM of_family GROUP BY boundary, system, family, month
UNION ALL
SELECT boundary, '' AS code_group, 'all' AS system, '' AS family, month, count(*) AS lines,
    CAST(sum(adjudicated) AS BIGINT) AS adjudicated, CAST(sum(denied) AS BIGINT) AS denied
FROM untouched_lines GROUP BY boundary, month
