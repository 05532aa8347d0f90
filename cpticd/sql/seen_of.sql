-- One row per pair, group and person (whose: as in seen): what the totals of pairs are added up from.
SELECT h, d, {group} AS group_id, whose, count(*) AS lines, count(CASE WHEN is_denied THEN 1 END) AS denied_lines,
    CAST(sum(denied_amount) AS DECIMAL(18,8)) AS denied_amount, sum(share) AS share, sum(residual) AS residual,
    count(CASE WHEN is_primary THEN 1 END) AS primary_lines,
    count(CASE WHEN is_primary AND is_denied THEN 1 END) AS primary_denied_lines,
    CAST(sum(CASE WHEN is_primary THEN denied_amount ELSE 0 END) AS DECIMAL(18,8)) AS primary_denied_amount,
    sum(CASE WHEN is_primary THEN residual ELSE 0 END) AS primary_residual
FROM {bridge}
GROUP BY h, d, {group}, whose
