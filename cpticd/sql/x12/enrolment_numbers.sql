-- One row per person of enrolment sets: the number by which claims name him, else the subscriber's.
CREATE TEMP TABLE x12_numbers AS
WITH candidates AS (
    SELECT person, person AS number, 1 AS place FROM x12_entries WHERE problem IS NULL
    UNION
    SELECT person, medicare_id, 2 FROM x12_entries WHERE problem IS NULL AND medicare_id IS NOT NULL
    UNION
    SELECT person, own_id, 3 FROM x12_entries WHERE problem IS NULL AND own_id IS NOT NULL
),
own AS (
    SELECT *, count(*) OVER (PARTITION BY number, place) AS persons FROM candidates
),
used AS (
    SELECT DISTINCT person_id FROM {claims} WHERE person_id IS NOT NULL
)
SELECT o.person, arg_min(o.number, (CASE WHEN u.person_id IS NULL THEN 1 ELSE 0 END, o.place, o.number)) AS person_id
FROM own o
LEFT JOIN used u ON u.person_id = o.number
WHERE o.place = 1 OR (o.persons = 1 AND u.person_id IS NOT NULL)
GROUP BY o.person
