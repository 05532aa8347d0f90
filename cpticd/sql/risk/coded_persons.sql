-- One row per HCC: persons enrolled in the service year who carry a diagnosis that counts for it, before hierarchies.
-- Age is as of the day that the model asks for; without a birth date no bound of age is held against a code.
WITH enrolled AS (
    SELECT
        person_id,
        lower(sex) AS sex,
        CASE WHEN birth_date IS NULL THEN NULL ELSE greatest(
            $age_year - CAST(year(birth_date) AS INTEGER)
            - CASE WHEN month(birth_date) * 100 + day(birth_date) > $age_day THEN 1 ELSE 0 END, 0) END AS age
    FROM members
    WHERE year = $year AND person_id NOT IN (SELECT person_id FROM outsiders WHERE year = $year)
)
SELECT m.hcc, count(DISTINCT p.person_id) AS persons
FROM encounters AS e
JOIN enrolled AS p ON p.person_id = e.person_id
JOIN hcc_map AS m
    ON m.diagnosis_code = e.diagnosis_code
    AND (m.sex = '' OR m.sex = p.sex)
    AND (p.age IS NULL OR p.age BETWEEN m.age_from AND m.age_to)
WHERE e.counted AND e.year = $year
GROUP BY m.hcc
ORDER BY m.hcc
