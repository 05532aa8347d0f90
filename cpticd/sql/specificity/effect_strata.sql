-- One row per stratum that has lines of both kinds: unspecified and denied (a) or not (b), specific and denied (c) or
-- not (d), and the unspecified codes' share of denied dollars.
WITH both_kinds AS (
    SELECT {keys}, sum(exposed * denied) AS a, sum(exposed * (1 - denied)) AS b,
        sum((1 - exposed) * denied) AS c, sum((1 - exposed) * (1 - denied)) AS d,
        CAST(sum(CAST(exposed * exposed_share * denied_amount AS DECIMAL(18,8))) AS DOUBLE) AS denied_amount
    FROM exposed_lines
    WHERE exposed + compared = 1
    GROUP BY {keys}
    HAVING sum(exposed) > 0 AND sum(compared) > 0
)
SELECT CAST(row_number() OVER (ORDER BY {keys}) AS INTEGER) AS stratum, x.*
FROM both_kinds x
