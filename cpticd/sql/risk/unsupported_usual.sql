-- One row per HCC: how many persons have it coded on one day of the service year, and on more, among those in whom
-- it is established (coded in a year beside it too) and those in whom it is new, with other years to tell by.
-- Assessments of health risks alone are one day, as where the condition itself is judged.
WITH per_year AS (
    SELECT c.person_id, c.hcc, c.year,
        CASE WHEN count(CASE WHEN a.claim_id IS NULL THEN 1 END) = 0 THEN 1 ELSE count(DISTINCT c.claim_date) END AS coded_days
    FROM coded c LEFT JOIN assessed a ON a.claim_id = c.claim_id
    WHERE c.counted
    GROUP BY c.person_id, c.hcc, c.year
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
