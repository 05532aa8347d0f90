-- One row per list of the code editor, code and stretch of days: rows that were added or passed, and the built-in ones
-- of the same list on all other days. A release that was passed without an end, of a year before {last_year}, holds for
-- its own fiscal year; one that was added always does: it says nothing of the years after it.
WITH own AS (
    SELECT edit, code_type, code, coalesce(effective_from, DATE '2015-10-01') AS effective_from,
        CASE WHEN effective_to IS NULL AND effective_from < DATE '{last_year}'
             -- The last day of its fiscal year: three months on, the year is the fiscal one.
             THEN make_date(year(effective_from + INTERVAL 3 MONTH), 9, 30)
             ELSE effective_to END AS effective_to,
        concat('mce ', release) AS release
    FROM release_mce
),
spans AS (
    SELECT edit, code_type, min(effective_from) AS first_day,
        max(coalesce(effective_to, DATE '9999-12-31')) AS last_day
    FROM own
    GROUP BY edit, code_type, release
),
followed AS (
    SELECT edit, code_type, last_day,
        lead(first_day) OVER (PARTITION BY edit, code_type ORDER BY first_day) AS next_first
    FROM spans
),
gaps AS (
    SELECT edit, code_type, DATE '0001-01-01' AS first_day, min(first_day) - 1 AS last_day
    FROM spans
    GROUP BY edit, code_type
    UNION ALL
    SELECT edit, code_type, last_day + 1, coalesce(next_first - 1, DATE '9999-12-31')
    FROM followed
    WHERE last_day < DATE '9999-12-31'
),
built_in AS (
    SELECT edit, code_type, code, effective_from, coalesce(effective_to, DATE '9999-12-31') AS last_day, release
    FROM rule_mce_built_in
),
cut AS (
    SELECT b.edit, b.code_type, b.code, greatest(b.effective_from, g.first_day) AS effective_from,
        least(b.last_day, g.last_day) AS last_day, b.release
    FROM built_in b
    JOIN gaps g ON g.edit = b.edit AND g.code_type = b.code_type
    UNION ALL
    SELECT b.edit, b.code_type, b.code, b.effective_from, b.last_day, b.release
    FROM built_in b
    ANTI JOIN spans s ON s.edit = b.edit AND s.code_type = b.code_type
)
SELECT edit, code_type, code, effective_from, effective_to, release FROM own
UNION ALL
SELECT edit, code_type, code, effective_from, CASE WHEN last_day < DATE '9999-12-31' THEN last_day END, release
FROM cut
WHERE effective_from <= last_day
