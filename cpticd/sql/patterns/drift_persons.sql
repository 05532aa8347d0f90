-- One row per pair with enough lines: lines, persons, how its lines cluster in persons (Kish), and dates.
WITH own AS (
    SELECT procedure, diagnosis, person, known, CAST(count(*) AS DOUBLE) AS n,
        min(service_date) AS first_date, max(service_date) AS last_date
    FROM dated_pairs
    GROUP BY procedure, diagnosis, person, known
)
SELECT procedure, diagnosis, sum(n) AS lines, count(CASE WHEN known THEN 1 END) AS persons, sum(n * n) / sum(n) AS clustering,
    min(first_date) AS first_date, max(last_date) AS last_date
FROM own
GROUP BY procedure, diagnosis
HAVING sum(n) >= $min_lines
ORDER BY procedure, diagnosis
