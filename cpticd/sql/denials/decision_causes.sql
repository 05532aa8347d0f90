-- One row per group: the root cause of the most denied lines of its decisions, the first by name of several.
WITH causes AS (
    SELECT {columns} category, count(*) AS n
    FROM {rows}
    WHERE hit = 1 AND category IS NOT NULL
    GROUP BY {columns} category
),
ranked AS (
    SELECT *, row_number() OVER ({partition} ORDER BY n DESC, category) AS place FROM causes
)
SELECT {columns} category AS top_category FROM ranked WHERE place = 1
