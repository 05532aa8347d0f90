-- One row per release of the fee schedule: its first day, the last of its quarter, and the first of the one after it.
-- One without a day (passed for its indicators alone) says nothing of when its codes were codes.
SELECT 'fee schedule ' || release AS release, first_day,
    CASE WHEN first_day > DATE '0001-01-01' THEN last_day(make_date(year(first_day), 3 * quarter(first_day), 1))
         ELSE DATE '9999-12-31' END AS last_day,
    lead(first_day) OVER (ORDER BY first_day) AS next_first, min(first_day) OVER () AS earliest
FROM (
    SELECT release, min(coalesce(effective_from, DATE '0001-01-01')) AS first_day
    FROM {release}
    WHERE effective_from IS NOT NULL
    GROUP BY release
) releases
