-- One row per list of the code editor, code and stretch of days: rows that were added or passed, and the built-in ones
-- of the same list before their first day and after their last. A release of a year before {last_year}, which no later
-- one ends, holds for its own fiscal year.
WITH own AS (
    SELECT edit, code_type, code, coalesce(effective_from, DATE '2015-10-01') AS effective_from,
        CASE WHEN effective_to IS NULL AND effective_from < DATE '{last_year}'
             -- The last day of its fiscal year: three months on, the year is the fiscal one.
             THEN make_date(year(effective_from + INTERVAL 3 MONTH), 9, 30)
             ELSE effective_to END AS effective_to,
        concat('mce ', release) AS release
    FROM release_mce
),
covered AS (
    SELECT edit, code_type, min(effective_from) AS first_day,
        max(coalesce(effective_to, DATE '9999-12-31')) AS last_day
    FROM own
    GROUP BY edit, code_type
),
apart AS (
    SELECT b.edit, b.code_type, b.code, b.release, b.effective_from,
        coalesce(b.effective_to, DATE '9999-12-31') AS last_day,
        coalesce(c.first_day, DATE '9999-12-31') AS own_first,
        coalesce(c.last_day, DATE '9999-12-31') AS own_last
    FROM rule_mce_built_in b
    LEFT JOIN covered c ON c.edit = b.edit AND c.code_type = b.code_type
),
cut AS (
    SELECT edit, code_type, code, effective_from, least(last_day, own_first - 1) AS last_day, release
    FROM apart
    UNION ALL
    SELECT edit, code_type, code, greatest(effective_from, own_last + 1), last_day, release
    FROM apart
    WHERE own_last < last_day
)
SELECT edit, code_type, code, effective_from, effective_to, release FROM own
UNION ALL
SELECT edit, code_type, code, effective_from, CASE WHEN last_day < DATE '9999-12-30' THEN last_day END, release
FROM cut
WHERE effective_from <= last_day
