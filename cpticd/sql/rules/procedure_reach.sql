-- One row per system with a list of codes: the days that its list speaks of, and whether lines of its codes lie outside.
WITH covered AS (
    SELECT system, min(starts) AS starts,
        last_day(make_date(year(max(starts)), CASE WHEN system = 'CPT' THEN 12 ELSE 3 * quarter(max(starts)) END, 1)) AS ends
    FROM (
        SELECT system, release, max(first_day) AS starts
        FROM rule_procedure_lists
        WHERE system <> 'fee schedule'
        GROUP BY system, release
    ) each_release
    GROUP BY system
)
SELECT v.system, CAST(v.starts AS VARCHAR) AS starts, CAST(v.ends AS VARCHAR) AS ends,
    min(CASE WHEN l.service_date < v.starts OR l.service_date > v.ends THEN substr(CAST(l.service_date AS VARCHAR), 1, 7) END)
        AS from_month,
    max(CASE WHEN l.service_date < v.starts OR l.service_date > v.ends THEN substr(CAST(l.service_date AS VARCHAR), 1, 7) END)
        AS to_month
FROM covered v
JOIN rule_procedure_forms f ON f.system = v.system
JOIN rule_lines l ON l.hcpcs_code = f.code
GROUP BY v.system, v.starts, v.ends
ORDER BY v.system
