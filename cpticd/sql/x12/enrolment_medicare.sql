-- One row per entry that says which parts of Medicare the member has: from when on it speaks of Part B, and its days.
CREATE TEMP TABLE x12_said_medicare AS
WITH begun AS (
    SELECT e.*, coalesce(e.medicare_begin_date, e.begin_date, c.begun, e.day) AS first_day
    FROM x12_entries e
    LEFT JOIN (SELECT key, min(begin_date) AS begun FROM x12_coverages GROUP BY key) c ON c.key = e.key
    WHERE e.problem IS NULL AND e.medicare IN ('a', 'b', 'none')
)
SELECT
    key, number, person, scope, set_turn, is_full, day, 'part b' AS track, 'part b' AS kind, 'medicare' AS what,
    FALSE AS is_all, CASE WHEN medicare = 'b' THEN first_day END AS first_day,
    CASE WHEN medicare = 'b' THEN medicare_end_date END AS last_day,
    medicare = 'b' AND medicare_begin_date IS NULL AS begin_assumed, FALSE AS end_assumed,
    medicare_end_date <= first_day AS is_none,
    CASE WHEN is_full THEN least(first_day, day) ELSE first_day END AS from_day,
    CASE WHEN is_full THEN DATE '1900-01-01' ELSE first_day END AS order_day,
    CASE WHEN is_full THEN 0 ELSE key END AS order_place
FROM begun
