-- One row per person, boundary and group of codes, and whether a line lies before or after and what became of it.
WITH every AS (
    SELECT person_id, boundary, system, code_group, month, adjudicated, denied FROM touched_lines
    UNION ALL
    SELECT person_id, boundary, 'all' AS system, '' AS code_group, month, adjudicated, denied FROM untouched_lines
)
SELECT DISTINCT person_id, boundary, system, code_group, month < 0 AS before, month >= 0 AS after,
    month < 0 AND adjudicated = 1 AS adjudicated_before, month >= 0 AND adjudicated = 1 AS adjudicated_after,
    month < 0 AND denied = 1 AS denied_before, month >= 0 AND denied = 1 AS denied_after
FROM every
