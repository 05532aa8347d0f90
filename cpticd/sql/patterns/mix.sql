-- One row per code family, group and level: its lines and persons. A code counts on the days on which its row holds.
SELECT v.family, {columns} v.level, count(*) AS lines, count(DISTINCT o.person_id) AS persons
FROM {lines} o
JOIN code_levels v ON v.code = o.hcpcs_code
    AND (v.effective_from IS NULL OR o.service_date >= v.effective_from)
    AND (v.effective_to IS NULL OR o.service_date <= v.effective_to)
WHERE {kept}
GROUP BY v.family, {columns} v.level
ORDER BY v.family, {columns} v.level
