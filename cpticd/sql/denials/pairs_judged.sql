-- One row per pair (and group) of enough lines: totals, what is expected of it, causes.
-- Two phases: totals tell which pairs have enough lines, and only their cells are compared.
-- mean, variance, third and fourth are the cumulants of a count of the pair's n lines' denials when stratum_d of the
-- stratum's stratum_n lines are denied, whichever: hypergeometric, as in cpticd.stats.hypergeometric_cumulants.
WITH enough AS MATERIALIZED (SELECT * FROM {totals} WHERE {p}lines >= $min_lines),
compared AS (
    SELECT c.{key} AS id, CAST(c.{p}n AS DOUBLE) AS n, CAST(c.{p}d AS DOUBLE) AS d,
        CAST(c.stratum_n AS DOUBLE) AS ns, CAST(c.stratum_d AS DOUBLE) AS ds, c.{p}prior AS prior
    FROM {cells} c
    JOIN enough e ON e.{key} = c.{key}
    WHERE c.{p}n > 0
),
weighed AS (
    SELECT *, CASE WHEN ns > 1 THEN n * (ns - n) * ds * (ns - ds) / (ns * ns * (ns - 1)) ELSE 0 END AS v
    FROM compared
),
expected AS (
    SELECT id, sum(n * ds / ns) AS mean, sum(v) AS variance,
        sum(CASE WHEN ns > 2 THEN v * (ns - 2 * ds) * (ns - 2 * n) / (ns * (ns - 2)) ELSE 0 END) AS third,
        sum(CASE WHEN ns > 3
            THEN v * (ns * (ns + 1) - 6 * ds * (ns - ds) - 6 * n * (ns - n) + 6 * v * (5 * ns - 6))
                / ((ns - 2) * (ns - 3))
            ELSE v * (1 - 6 * v) END) AS fourth,
        sum(d * (1 - 2 * ds / ns) + n * ds / ns * ds / ns) AS squares,
        sum(n * (ds - d + {prior_lines} * prior) / (ns - n + {prior_lines})) AS expected,
        CAST(sum(ns - n) AS BIGINT) AS comparison_lines
    FROM weighed
    GROUP BY id
),
caused AS (
    SELECT c.{key} AS id, c.denial_category, c.denial_carc, c.{p}n AS n
    FROM {causes} c
    JOIN enough e ON e.{key} = c.{key}
    WHERE c.{p}n > 0
),
categories AS (  -- the most frequent; ties go to the first in the alphabet
    SELECT id, denial_category FROM (
        SELECT id, denial_category, row_number() OVER (PARTITION BY id ORDER BY sum(n) DESC, denial_category) AS place
        FROM caused WHERE denial_category IS NOT NULL GROUP BY id, denial_category
    ) ranked WHERE place = 1
),
carcs AS (
    SELECT id, denial_carc FROM (
        SELECT c.id, c.denial_carc, row_number() OVER (PARTITION BY c.id ORDER BY sum(c.n) DESC, c.denial_carc) AS place
        FROM caused c
        JOIN categories g ON g.id = c.id AND g.denial_category = c.denial_category
        WHERE c.denial_carc IS NOT NULL
        GROUP BY c.id, c.denial_carc
    ) ranked WHERE place = 1
)
SELECT {names} e.{key} AS id, {of}, e.{p}lines AS lines, e.{p}persons AS persons, e.{p}denied_lines AS denied_lines,
    e.{p}denied_amount AS denied_amount, x.mean, x.variance, x.third, x.fourth, x.squares,
    x.expected, x.comparison_lines,
    g.denial_category AS top_category, k.denial_carc AS top_carc,
    (SELECT count(*) FROM {totals} WHERE {p}lines > 0) AS all_pairs
FROM enough e
JOIN expected x ON x.id = e.{key}
LEFT JOIN categories g ON g.id = e.{key}
LEFT JOIN carcs k ON k.id = e.{key}
{name_joins}
