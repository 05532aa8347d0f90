-- One row per pair and month in which both of its codes occur: the month's lines of the procedure × lines with the
-- diagnosis / lines, by stratum (a part of drift.sql).
SELECT e.procedure, e.diagnosis, b.month, sum(b.n * d.n / t.n) AS expected
FROM enough e
JOIN billed b ON b.procedure = e.procedure
JOIN (
    SELECT diagnosis, stratum, month, CAST(count(*) AS DOUBLE) AS n
    FROM dated_pairs
    GROUP BY diagnosis, stratum, month
) d ON d.diagnosis = e.diagnosis AND d.stratum = b.stratum AND d.month = b.month
JOIN (SELECT stratum, month, sum(n) AS n FROM billed GROUP BY stratum, month) t
    ON t.stratum = b.stratum AND t.month = b.month
GROUP BY e.procedure, e.diagnosis, b.month
