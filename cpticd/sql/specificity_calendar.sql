-- One row per boundary, group of changed codes and month from it; group '' are the untouched codes of each family:
-- lines that bear no code of any group of the boundary.
WITH borne AS MATERIALIZED (
    SELECT DISTINCT p.claim_id, p.claim_line_number, 'diagnosis' AS system, p.diagnosis_code AS code
    FROM pairs p
    WHERE p.diagnosis_code IS NOT NULL
    UNION ALL
    SELECT o.claim_id, o.claim_line_number, 'procedure' AS system, o.hcpcs_code AS code
    FROM {lines} o
    WHERE o.hcpcs_code IS NOT NULL
),
near AS MATERIALIZED (
    SELECT b.boundary, o.claim_id, o.claim_line_number, CAST(date_diff('month', b.boundary, o.month) AS INTEGER) AS month,
        CASE WHEN o.initial_outcome <> 'not adjudicated' THEN 1 ELSE 0 END AS adjudicated,
        CASE WHEN o.initial_outcome = 'denied' THEN 1 ELSE 0 END AS denied
    FROM {lines} o
    JOIN {boundaries} b ON o.month >= b.first AND o.month <= b.last
),
touched AS MATERIALIZED (
    SELECT DISTINCT n.boundary, g.code_group, g.system, g.family, n.claim_id, n.claim_line_number, n.month, n.adjudicated,
        n.denied
    FROM near n
    JOIN borne c ON c.claim_id = n.claim_id AND c.claim_line_number = n.claim_line_number
    JOIN {groups} g ON g.boundary = n.boundary AND g.system = c.system AND g.code = c.code
),
untouched AS (
    SELECT n.boundary, n.claim_id, n.claim_line_number, n.month, n.adjudicated, n.denied
    FROM near n
    LEFT JOIN (SELECT DISTINCT boundary, claim_id, claim_line_number FROM touched) t
        ON t.boundary = n.boundary AND t.claim_id = n.claim_id AND t.claim_line_number = n.claim_line_number
    WHERE t.boundary IS NULL
),
of_family AS (
    SELECT DISTINCT u.boundary, f.system, f.family, u.claim_id, u.claim_line_number, u.month, u.adjudicated, u.denied
    FROM untouched u
    JOIN borne c ON c.claim_id = u.claim_id AND c.claim_line_number = u.claim_line_number
    JOIN {families} f ON f.system = c.system AND f.code = c.code
)
SELECT boundary, code_group, system, family, month, count(*) AS lines, CAST(sum(adjudicated) AS BIGINT) AS adjudicated,
    CAST(sum(denied) AS BIGINT) AS denied
FROM touched GROUP BY boundary, code_group, system, family, month
UNION ALL
SELECT boundary, '' AS code_group, system, family, month, count(*) AS lines, CAST(sum(adjudicated) AS BIGINT) AS adjudicated,
    CAST(sum(denied) AS BIGINT) AS denied
FROM of_family GROUP BY boundary, system, family, month
UNION ALL
SELECT boundary, '' AS code_group, 'all' AS system, '' AS family, month, count(*) AS lines,
    CAST(sum(adjudicated) AS BIGINT) AS adjudicated, CAST(sum(denied) AS BIGINT) AS denied
FROM untouched GROUP BY boundary, month
