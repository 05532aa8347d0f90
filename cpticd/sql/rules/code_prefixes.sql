-- One row per diagnosis code in use and beginning of it, from the category of three characters to the code itself.
SELECT u.diagnosis_code, substr(u.diagnosis_code, 1, n.length) AS prefix, n.length
FROM (SELECT DISTINCT diagnosis_code FROM rule_coded) u
CROSS JOIN (SELECT 3 AS length UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7) n
WHERE n.length <= length(u.diagnosis_code)
