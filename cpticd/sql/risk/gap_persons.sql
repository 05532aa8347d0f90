-- One row per person who is enrolled in the measurement year, alive at its start, and paid by the model in some month of
-- the payment year: sex, age on the day that the model asks for (null where unknown), and whether the person died within
-- the year. Where no members are known, those who are seen in the year.
WITH known AS (
    SELECT m.person_id, max(m.sex) AS sex, min(m.birth_date) AS birth_date, min(m.death_date) AS death_date
    FROM members m
    JOIN asked s ON m.year = s.year
    WHERE NOT EXISTS (SELECT 1 FROM outsiders o WHERE o.person_id = m.person_id AND o.year = m.year)
    GROUP BY m.person_id
),
found AS (
    SELECT person_id, sex, birth_date, death_date FROM known
    UNION ALL
    SELECT DISTINCT e.person_id, CAST(NULL AS VARCHAR), CAST(NULL AS DATE), CAST(NULL AS DATE)
    FROM encounters e
    JOIN asked s ON e.year = s.year
    WHERE NOT EXISTS (SELECT 1 FROM members) AND e.person_id IS NOT NULL
)
SELECT
    f.person_id,
    coalesce(f.sex, 'unknown') AS sex,
    CAST(year(s.age_on) - year(f.birth_date)
         - CASE WHEN month(f.birth_date) * 100 + day(f.birth_date) > month(s.age_on) * 100 + day(s.age_on)
                THEN 1 ELSE 0 END AS INTEGER) AS age,
    coalesce(year(f.death_date) = s.year, FALSE) AS died
FROM found f
CROSS JOIN asked s
WHERE (f.death_date IS NULL OR year(f.death_date) >= s.year)
  AND NOT EXISTS (SELECT 1 FROM unpaid u WHERE u.person_id = f.person_id)
