-- The claims of ``matched_days`` with sex and age of their persons.
SELECT c.*, coalesce(m.sex, '(unknown)') AS by_sex,
    CASE WHEN m.birth_date IS NULL OR c.day IS NULL THEN '(unknown)'
         WHEN year(c.day) - year(m.birth_date) < 18 THEN '0–17' WHEN year(c.day) - year(m.birth_date) < 45 THEN '18–44'
         WHEN year(c.day) - year(m.birth_date) < 65 THEN '45–64' WHEN year(c.day) - year(m.birth_date) < 75 THEN '65–74'
         ELSE '75 and over' END AS by_age_band
FROM matched_days c
LEFT JOIN (SELECT person_id, min(birth_date) AS birth_date, min(sex) AS sex FROM members GROUP BY person_id) m
    ON m.person_id = c.person_id
