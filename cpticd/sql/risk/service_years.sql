-- One row per year with members; complete: the claims reach its December.
WITH last AS (SELECT max(claim_end_date) AS day FROM claims)
SELECT DISTINCT m.year, coalesce(l.day >= make_date(m.year, 12, 1), FALSE) AS complete
FROM members m CROSS JOIN last l
ORDER BY m.year
