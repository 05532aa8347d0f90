-- One row per group: its lines' weights squared and added up, and the same of the persons' sums of weights.
WITH weighed AS (
    SELECT w.grp, l.cluster, CASE WHEN exposed = 1
        THEN CASE WHEN denied = 1 THEN w_a ELSE w_b END
        ELSE CASE WHEN denied = 1 THEN w_c ELSE w_d END END AS weight
    FROM effect_lines l
    JOIN effect_weights w ON w.stratum = l.stratum
    WHERE exposed + compared = 1
),
persons AS (
    SELECT grp, cluster, count(*) AS n, sum(weight) AS total, sum(weight * weight) AS squares
    FROM weighed
    GROUP BY grp, cluster
)
SELECT grp, count(*) AS clusters, sum(total * total) AS squares, sum(n) AS lines, sum(squares) AS line_squares
FROM persons
GROUP BY grp
ORDER BY grp
