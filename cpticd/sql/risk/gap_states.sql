-- One row per person and HCC about which the coded HCCs of the measurement year say something:
-- place 1 the HCC itself is coded, 2 a higher one of its hierarchy, 3 a lower one; removed: a higher one is coded.
WITH coded AS (
    SELECT DISTINCT h.person_id, h.hcc
    FROM gap_hits h
    JOIN asked s ON s.year = h.year
),
told AS (
    SELECT person_id, hcc, 1 AS place FROM coded
    UNION ALL
    SELECT c.person_id, r.child, 2 FROM coded c JOIN hcc_parents r ON r.parent = c.hcc
    UNION ALL
    SELECT c.person_id, r.parent, 3 FROM coded c JOIN hcc_parents r ON r.child = c.hcc
)
SELECT person_id, hcc, min(place) AS place, max(CASE WHEN place = 2 THEN 1 ELSE 0 END) AS removed
FROM told
GROUP BY person_id, hcc
