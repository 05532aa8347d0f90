-- One row per pair and month in which its procedure is billed: the month's lines of the procedure, by stratum, at the
-- stratum's share of lines with the diagnosis (a part of drift.sql).
SELECT w.procedure, w.diagnosis, b.month, sum(b.n * w.k / w.n) AS expected
FROM (
    SELECT c.procedure, c.diagnosis, c.stratum, sum(c.k) AS k, max(t.n) AS n
    FROM cells c
    JOIN (SELECT procedure, stratum, sum(n) AS n FROM billed GROUP BY procedure, stratum) t
        ON t.procedure = c.procedure AND t.stratum = c.stratum
    GROUP BY c.procedure, c.diagnosis, c.stratum
) w
JOIN billed b ON b.procedure = w.procedure AND b.stratum = w.stratum
GROUP BY w.procedure, w.diagnosis, b.month
