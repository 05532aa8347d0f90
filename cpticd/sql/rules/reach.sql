-- One row per setting and release of a kind of table: the days between which its rows hold.
SELECT coalesce(setting, '') AS setting, coalesce(release, '') AS release,
    CAST(min(coalesce(effective_from, DATE '0001-01-01')) AS VARCHAR) AS first,
    CAST(max(coalesce(effective_to, DATE '9999-12-31')) AS VARCHAR) AS last
FROM {relation}
GROUP BY coalesce(setting, ''), coalesce(release, '')
ORDER BY setting, first, release
