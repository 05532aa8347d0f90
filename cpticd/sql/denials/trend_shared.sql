-- One row per group, period and earlier period that is compared with it: sums of products over the persons of both.
WITH each AS MATERIALIZED (
    SELECT {columns} period, person_id, CAST(sum(n) AS DOUBLE) AS n, CAST(sum(denied) AS DOUBLE) AS k
    FROM {lines} GROUP BY {columns} period, person_id
)
SELECT {own} a.period, b.period AS earlier, sum(a.k * b.k) AS kk, sum(a.k * b.n) AS kn, sum(a.n * b.k) AS nk,
    sum(a.n * b.n) AS nn
FROM each a
JOIN each b ON b.person_id = a.person_id AND b.period IN ({earlier}) {same}
GROUP BY {own} a.period, b.period
