-- One row per group: the persons' sums of their lines' weights, squared and added up.
WITH persons AS (
    SELECT w.grp, l.cluster, sum(CASE WHEN exposed = 1
        THEN CASE WHEN denied = 1 THEN w_a ELSE w_b END
        ELSE CASE WHEN denied = 1 THEN w_c ELSE w_d END END) AS total
    FROM effect_lines l
    JOIN effect_weights w ON w.stratum = l.stratum
    WHERE exposed + compared = 1
    GROUP BY w.grp, l.cluster
)
SELECT grp, count(*) AS clusters, sum(total * total) AS squares
FROM persons
GROUP BY grp
ORDER BY grp
