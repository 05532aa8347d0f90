-- One row per group and root cause of initial denials.
WITH used AS (
    SELECT {select} o.denial_category AS category, o.initial_outcome,
        CAST(coalesce(o.denied_amount, 0) AS DOUBLE) AS denied_amount
    FROM line_outcomes o {joins}
    WHERE o.initial_outcome IN ('denied', 'partly denied') AND {kept}
)
SELECT {columns} category,
    sum(CASE WHEN initial_outcome = 'denied' THEN 1 ELSE 0 END) AS lines,
    sum(CASE WHEN initial_outcome = 'partly denied' THEN 1 ELSE 0 END) AS partly_denied_lines,
    sum(denied_amount) AS denied_amount
FROM used
GROUP BY {columns} category
