-- One row per person, code family, group and level on their lines.
SELECT DISTINCT o.person_id, v.family, {columns} v.level
FROM {lines} o
JOIN code_levels v ON v.code = o.hcpcs_code
    AND (v.effective_from IS NULL OR o.service_date >= v.effective_from)
    AND (v.effective_to IS NULL OR o.service_date <= v.effective_to)
WHERE {kept}
