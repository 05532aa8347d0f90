-- One row per HCC: how many persons have it coded on one day of the service year, and on more, among those in whom
-- it is established (coded in a year beside it too) and those in whom it is new, with other years to tell by.
WITH per_year AS (
    SELECT person_id, hcc, year, count(DISTINCT claim_date) AS coded_days
    FROM coded WHERE counted
    GROUP BY person_id, hcc, year
),
others AS (
    SELECT DISTINCT e.person_id FROM encounters e CROSS JOIN asked y
    WHERE e.counted AND e.year <> y.year
),
established AS (
    SELECT DISTINCT p.person_id, k.hcc
    FROM per_year p CROSS JOIN asked y JOIN hcc_kin k ON k.kin = p.hcc
    WHERE p.year <> y.year
)
SELECT
    p.hcc,
    count(CASE WHEN e.hcc IS NOT NULL AND p.coded_days = 1 THEN 1 END) AS established_one_day,
    count(CASE WHEN e.hcc IS NOT NULL AND p.coded_days > 1 THEN 1 END) AS established_more,
    count(CASE WHEN e.hcc IS NULL AND p.coded_days = 1 THEN 1 END) AS new_one_day,
    count(CASE WHEN e.hcc IS NULL AND p.coded_days > 1 THEN 1 END) AS new_more
FROM per_year p
CROSS JOIN asked y
JOIN others o ON o.person_id = p.person_id
LEFT JOIN established e ON e.person_id = p.person_id AND e.hcc = p.hcc
WHERE p.year = y.year
GROUP BY p.hcc
