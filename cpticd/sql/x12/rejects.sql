-- What was rejected or noted while files were read.
SELECT
    s.name AS source, 'segment ' || (r.key & 4294967295) AS location, r.table_name, r.action,
    coalesce(r.severity, CASE r.action WHEN 'rejected' THEN 'grave' WHEN 'repaired' THEN 'warning' ELSE 'note' END)
        AS severity,
    r.reason, r.content, CAST(NULL AS DECIMAL(18,2)) AS amount
FROM x12_rejects r JOIN x12_sources s ON s.number = r.key >> 32
ORDER BY r.key, r.action, r.reason
