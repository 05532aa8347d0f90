-- One row per person and rule of one result: the last of the year, where it lies in the rule's range.
WITH ranked AS (
    SELECT g.*, row_number() OVER (
        PARTITION BY g.person_id, g.rule ORDER BY g.observation_date DESC, g.low, g.high, g.code
    ) AS place
    FROM observed_readings g
    JOIN observed_rules r ON r.rule = g.rule AND r.days_apart IS NULL
    WHERE g.is_now
)
SELECT g.person_id, g.rule, g.code, g.observation_date AS last_date, g.value AS last_value,
       g.comparator AS last_comparator, CAST(NULL AS DATE) AS first_date, CAST(NULL AS DECIMAL(18,3)) AS first_value,
       CAST(NULL AS VARCHAR) AS first_comparator
FROM ranked g
JOIN observed_rules r ON r.rule = g.rule
WHERE g.place = 1 AND g.low >= r.value_from AND g.high < r.value_below
