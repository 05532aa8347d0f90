-- One row per pair with enough lines and month in which anything of it could be: its lines, what the months' mix of
-- strata lets expect if nothing changes, and the lines that it is a share of.
WITH enough AS MATERIALIZED (
    SELECT procedure, diagnosis, count(*) AS lines
    FROM dated_pairs
    GROUP BY procedure, diagnosis
    HAVING count(*) >= $min_lines
),
billed AS (
    SELECT procedure, stratum, month, CAST(count(*) AS DOUBLE) AS n
    FROM dated_pairs
    WHERE is_primary
    GROUP BY procedure, stratum, month
),
cells AS (
    SELECT p.procedure, p.diagnosis, p.stratum, p.month, CAST(count(*) AS DOUBLE) AS k
    FROM dated_pairs p
    JOIN enough e ON e.procedure = p.procedure AND e.diagnosis = p.diagnosis
    GROUP BY p.procedure, p.diagnosis, p.stratum, p.month
),
exposed AS ({exposed}),
counted AS (
    SELECT procedure, diagnosis, month, sum(k) AS k FROM cells GROUP BY procedure, diagnosis, month
),
base AS (SELECT procedure, month, sum(n) AS n FROM billed GROUP BY procedure, month)
SELECT x.procedure, x.diagnosis, x.month, coalesce(c.k, 0) AS lines, x.expected, coalesce(b.n, 0) AS procedure_lines
FROM exposed x
LEFT JOIN counted c
    ON c.procedure = x.procedure AND c.diagnosis = x.diagnosis AND c.month = x.month
LEFT JOIN base b ON b.procedure = x.procedure AND b.month = x.month
ORDER BY x.procedure, x.diagnosis, x.month
