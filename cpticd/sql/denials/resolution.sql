-- One row per group, step and day: services denied at first by the days from then to the step, or to the last day seen.
WITH denied AS (
    SELECT {select} o.days_to_resubmission AS resubmitted, o.days_to_resolution AS resolved,
        date_diff('day', o.first_paid_date, (SELECT max(paid_date) FROM main.adjudications)) AS seen
    FROM {relation} o {joins}
    WHERE o.initial_outcome = 'denied' AND o.final_outcome <> 'void' AND {kept}
)
SELECT {columns} 'resubmission' AS step, coalesce(resubmitted, seen) AS day,
    CASE WHEN resubmitted IS NULL THEN 0 ELSE 1 END AS is_done, count(*) AS n
FROM denied
GROUP BY {columns} coalesce(resubmitted, seen), CASE WHEN resubmitted IS NULL THEN 0 ELSE 1 END
UNION ALL
SELECT {columns} 'resolution' AS step, coalesce(resolved, seen) AS day,
    CASE WHEN resolved IS NULL THEN 0 ELSE 1 END AS is_done, count(*) AS n
FROM denied
GROUP BY {columns} coalesce(resolved, seen), CASE WHEN resolved IS NULL THEN 0 ELSE 1 END
