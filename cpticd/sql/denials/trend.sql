-- One row per group and period: lines, of which adjudicated (n), of which denied.
WITH used AS (
    SELECT {select} CAST(date_trunc('{period}', {day}) AS DATE) AS period, o.initial_outcome
    FROM line_outcomes o {joins}
    WHERE {day} IS NOT NULL
)
SELECT {columns} period, count(*) AS lines,
    sum(CASE WHEN initial_outcome IN ('paid', 'partly denied', 'denied', 'nothing paid') THEN 1 ELSE 0 END) AS n,
    sum(CASE WHEN initial_outcome = 'denied' THEN 1 ELSE 0 END) AS denied
FROM used
GROUP BY {columns} period
ORDER BY {columns} period
