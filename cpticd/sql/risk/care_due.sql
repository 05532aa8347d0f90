-- One row per person and lasting HCC of the year before: whether it, or one above it, is coded again. Who is in members
-- of both years and alive when the year ended.
WITH enrolled AS (
    SELECT DISTINCT m.person_id, m.year, m.death_date FROM members AS m
    WHERE NOT EXISTS (SELECT 1 FROM outsiders AS o WHERE o.person_id = m.person_id AND o.year = m.year)
)
SELECT b.person_id, b.hcc, max(CASE WHEN n.hcc IS NULL THEN 0 ELSE 1 END) AS recaptured
FROM coded AS b
JOIN enrolled AS t ON t.person_id = b.person_id AND t.year = $year
JOIN enrolled AS f ON f.person_id = b.person_id AND f.year = $year - 1
JOIN hcc_up AS u ON u.hcc = b.hcc
LEFT JOIN coded AS n ON n.person_id = b.person_id AND n.year = $year AND n.hcc = u.up
WHERE b.year = $year - 1 AND b.lasting = 1 AND (t.death_date IS NULL OR year(t.death_date) > $year)
GROUP BY b.person_id, b.hcc
