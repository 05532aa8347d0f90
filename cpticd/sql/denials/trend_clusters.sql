-- One row per group and period: its clusters ({cluster}), and sums of squares and products over them of lines (n) and
-- denied lines (k).
SELECT {columns} period, count(*) AS clusters, sum(k * k) AS kk, sum(k * n) AS kn, sum(n * n) AS nn
FROM (
    SELECT {columns} period, {cluster}, CAST(sum(n) AS DOUBLE) AS n, CAST(sum(denied) AS DOUBLE) AS k
    FROM {lines} GROUP BY {columns} period, {cluster}
) x
GROUP BY {columns} period
