-- One row per group: lines, those with a value, persons of these, relative values and dollars; and how ill the persons are.
WITH people AS (
    SELECT DISTINCT {columns} o.person_id FROM value_rows o WHERE o.valued = 1 AND o.person_id IS NOT NULL
),
ill AS (
    SELECT {columns} count(*) AS persons, avg(CAST(coalesce(i.charlson, 0) AS DOUBLE)) AS charlson,
        stddev_samp(CAST(coalesce(i.charlson, 0) AS DOUBLE)) AS charlson_deviation
    FROM people o
    LEFT JOIN comorbid_people i ON i.person_id = o.person_id
    {group}
),
sums AS (
    SELECT {columns} count(*) AS lines, sum(o.valued) AS valued_lines, sum(o.units) AS units,
        sum(o.work_rvu) AS work_rvu, sum(o.practice_rvu) AS practice_rvu, sum(o.malpractice_rvu) AS malpractice_rvu,
        sum(o.total_rvu) AS total_rvu, sum(o.decided) AS decided_lines, sum(o.allowed) AS allowed_lines,
        sum(o.paid_amount) AS paid_amount, sum(o.allowed_amount) AS allowed_amount
    FROM value_rows o
    {group}
)
SELECT s.*, coalesce(i.persons, 0) AS persons, i.charlson, i.charlson_deviation
FROM sums s
LEFT JOIN ill i ON {same}
