-- One row per HCC and service year: persons with it, and what became of it since the year before.
-- The cohort of a year: members rows in it and in the year before, alive when it ended. Whom the model does not pay in
-- a year is not counted in it.
WITH enrolled AS (
    SELECT DISTINCT m.person_id, m.year FROM members m
    WHERE NOT EXISTS (SELECT 1 FROM outsiders o WHERE o.person_id = m.person_id AND o.year = m.year)
),
cohort AS (
    SELECT DISTINCT m.person_id, m.year
    FROM members m
    JOIN enrolled a ON a.person_id = m.person_id AND a.year = m.year
    JOIN enrolled b ON b.person_id = m.person_id AND b.year = m.year - 1
    WHERE m.death_date IS NULL OR year(m.death_date) > m.year
),
cells AS (
    SELECT h.hcc, y.year FROM (SELECT DISTINCT hcc FROM coded) h CROSS JOIN years y
),
sizes AS (
    SELECT y.year, count(DISTINCT e.person_id) AS persons_enrolled, count(DISTINCT c.person_id) AS cohort
    FROM years y
    LEFT JOIN enrolled e ON e.year = y.year
    LEFT JOIN cohort c ON c.person_id = e.person_id AND c.year = e.year
    GROUP BY y.year
),
prevalent AS (SELECT hcc, year, count(*) AS persons FROM coded GROUP BY hcc, year),
-- What those who had the condition in the year before have now: the same, or one above it in the hierarchy.
had AS (
    SELECT c.person_id, c.year, b.hcc,
           max(CASE WHEN n.hcc = b.hcc THEN 1 ELSE 0 END) AS persists,
           max(b.lasting) AS due,
           max(CASE WHEN n.hcc IS NOT NULL THEN b.lasting ELSE 0 END) AS recaptured
    FROM cohort c
    JOIN coded b ON b.person_id = c.person_id AND b.year = c.year - 1
    JOIN hcc_up u ON u.hcc = b.hcc
    LEFT JOIN coded n ON n.person_id = c.person_id AND n.year = c.year AND n.hcc = u.up
    GROUP BY c.person_id, c.year, b.hcc
),
stayed AS (
    SELECT hcc, year, count(*) AS had_before, sum(persists) AS persistent, sum(due) AS due,
           sum(recaptured) AS recaptured
    FROM had GROUP BY hcc, year
),
arrived AS (
    SELECT n.hcc, n.year, count(*) AS incident
    FROM coded n
    JOIN cohort c ON c.person_id = n.person_id AND c.year = n.year
    LEFT JOIN coded b ON b.person_id = n.person_id AND b.year = n.year - 1 AND b.hcc = n.hcc
    WHERE b.hcc IS NULL
    GROUP BY n.hcc, n.year
)
SELECT
    x.hcc, coalesce(l.label, '') AS label, k.hcc IS NOT NULL AS chronic, x.year,
    z.persons_enrolled, coalesce(p.persons, 0) AS persons,
    z.cohort, coalesce(s.had_before, 0) AS had_before,
    coalesce(a.incident, 0) AS incident,
    CAST(coalesce(s.persistent, 0) AS BIGINT) AS persistent,
    CAST(coalesce(s.due, 0) AS BIGINT) AS due,
    CAST(coalesce(s.recaptured, 0) AS BIGINT) AS recaptured
FROM cells x
JOIN sizes z ON z.year = x.year
LEFT JOIN hcc_labels l ON l.hcc = x.hcc
LEFT JOIN (SELECT DISTINCT hcc FROM chronic_codes) k ON k.hcc = x.hcc
LEFT JOIN prevalent p ON p.hcc = x.hcc AND p.year = x.year
LEFT JOIN stayed s ON s.hcc = x.hcc AND s.year = x.year
LEFT JOIN arrived a ON a.hcc = x.hcc AND a.year = x.year
ORDER BY length(x.hcc), x.hcc, x.year
