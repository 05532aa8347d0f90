-- One row per pair, group and cause of initially denied lines.
WITH counted AS (
    SELECT h, d, {group} AS group_id, denial_category, denial_carc, count(*) AS n,
        count(CASE WHEN is_primary THEN 1 END) AS primary_n
    FROM {bridge}
    WHERE is_denied
    GROUP BY h, d, {group}, denial_category, denial_carc
)
SELECT {ids}, c.denial_category, c.denial_carc, c.n, c.primary_n
FROM counted c
{totals}
