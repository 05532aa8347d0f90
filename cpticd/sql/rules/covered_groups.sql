-- One row per policy and group of its covered diagnoses; g is NULL once for a policy that has other rows too.
SELECT DISTINCT document, CASE WHEN role = 'covered' THEN CAST(coalesce(code_group, 0) AS INTEGER) END AS g
FROM release_coverage
