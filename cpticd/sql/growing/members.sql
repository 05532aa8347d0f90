-- One row per person and year of service of persons of touched claims, from all of their claims, as the join makes them.
WITH own AS MATERIALIZED (
    SELECT key, person_id, birth_date, sex, start_date FROM staged_claims SEMI JOIN old_persons USING (person_id)
)
SELECT
    c.person_id, CAST(year(coalesce(c.start_date, l.first_day)) AS INTEGER) AS year, min(c.birth_date) AS birth_date,
    min(CASE c.sex WHEN 'F' THEN 'female' WHEN 'M' THEN 'male' WHEN 'U' THEN 'unknown' END) AS sex,
    CAST(min(r.rank) AS INTEGER) AS _source
FROM own c
JOIN ranks r ON r.number = c.key >> 32
LEFT JOIN (
    SELECT key, min(start_date) AS first_day FROM staged_lines
    SEMI JOIN (SELECT key FROM own WHERE start_date IS NULL) USING (key)
    GROUP BY key
) l ON l.key = c.key
WHERE coalesce(c.start_date, l.first_day) IS NOT NULL AND (c.birth_date IS NOT NULL OR c.sex IS NOT NULL)
GROUP BY 1, 2
