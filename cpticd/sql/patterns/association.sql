-- One row per pair: units, lines and dates; persons, and their numbers of lines squared, where enough units are observed.
WITH counted AS (SELECT procedure, diagnosis, count(*) AS observed FROM {marks} GROUP BY procedure, diagnosis),
facts AS (
    SELECT procedure, diagnosis, count(*) AS lines, min(service_date) AS first_date, max(service_date) AS last_date
    FROM code_pairs
    GROUP BY procedure, diagnosis
),
people AS (
    SELECT procedure, diagnosis, count(CASE WHEN known THEN 1 END) AS persons, count(*) AS clusters, sum(n * n) AS squares
    FROM (
        SELECT p.procedure, p.diagnosis, p.person, p.known, CAST(count(*) AS DOUBLE) AS n
        FROM code_pairs p
        JOIN counted c ON c.procedure = p.procedure AND c.diagnosis = p.diagnosis
        WHERE c.observed >= $min_observed
        GROUP BY p.procedure, p.diagnosis, p.person, p.known
    ) own
    GROUP BY procedure, diagnosis
)
SELECT c.*, f.lines, coalesce(e.persons, 0) AS persons, e.clusters, e.squares, f.first_date, f.last_date
FROM counted c
JOIN facts f ON f.procedure = c.procedure AND f.diagnosis = c.diagnosis
LEFT JOIN people e ON e.procedure = c.procedure AND e.diagnosis = c.diagnosis
ORDER BY c.procedure, c.diagnosis
