-- One row per diagnosis on claims with the service: claims and persons with it, and what Mantel and Haenszel's odds ratio
-- and its variance (Robins, Breslow and Greenland 1986) are made of, summed over strata.
WITH cells AS MATERIALIZED (
    SELECT diagnosis, stratum, cases, others, CAST(sum(is_case) AS DOUBLE) AS a, CAST(sum(1 - is_case) AS DOUBLE) AS c
    FROM matched_codes
    GROUP BY diagnosis, stratum, cases, others
),
products AS (
    SELECT diagnosis, a, c, cases * c / others AS weighted,
        a * (others - c) / (cases + others) AS r, (cases - a) * c / (cases + others) AS s,
        (a + others - c) / (cases + others) AS p, (cases - a + c) / (cases + others) AS q
    FROM cells
),
sums AS (
    SELECT diagnosis, sum(a) AS observed, sum(c) AS without, sum(weighted) AS weighted, sum(r) AS r, sum(s) AS s,
        sum(p * r) AS pr, sum(p * s + q * r) AS mixed, sum(q * s) AS qs
    FROM products
    GROUP BY diagnosis
),
people AS (
    SELECT diagnosis, count(CASE WHEN known THEN 1 END) AS persons, count(*) AS clusters, sum(n * n) AS squares,
        sum(pointed) AS pointed
    FROM (
        SELECT diagnosis, who, person_id IS NOT NULL AS known, CAST(count(*) AS DOUBLE) AS n, sum(pointed) AS pointed
        FROM matched_codes
        WHERE is_case = 1
        GROUP BY diagnosis, who, person_id IS NOT NULL
    ) own
    GROUP BY diagnosis
)
SELECT row_number() OVER (ORDER BY s.diagnosis) - 1 AS number, s.*, e.persons, e.clusters, e.squares, e.pointed
FROM sums s
JOIN people e ON e.diagnosis = s.diagnosis
ORDER BY number
