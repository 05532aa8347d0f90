-- One row per entry and coverage that counts: from when on it speaks (from_day), and the days that it covers, if any.
-- An entry without coverages is one coverage of its own where it has a first day, or the end of all (is_all).
CREATE TEMP TABLE x12_said_coverages AS
WITH each AS (
    SELECT
        e.key, coalesce(c.place, e.key) AS place, e.number, e.person, e.scope, e.set_turn, e.is_full, e.day, c.plan,
        coalesce(c.line, '') AS line, coalesce(h.meaning, e.what) AS what, c.place IS NULL AS is_bare,
        coalesce(h.meaning = 'end', FALSE) OR e.what = 'end' AS ends,
        CASE WHEN c.place IS NULL OR c.line IS NULL THEN 'medical' ELSE coalesce(l.meaning, 'other') END AS kind,
        coalesce(c.begin_date, e.begin_date) AS begun, coalesce(c.end_date, e.end_date) AS ended,
        coalesce(c.changed_date, e.changed_date) AS changed
    FROM x12_entries e
    LEFT JOIN x12_coverages c ON c.key = e.key
    LEFT JOIN x12_enrolment_codes h ON h.field = 'maintenance' AND h.code = c.maintenance
    LEFT JOIN x12_enrolment_codes l ON l.field = 'line' AND l.code = c.line
    WHERE e.problem IS NULL
),
dated AS (
    SELECT
        *,
        CASE WHEN what IN ('delete', 'none') THEN NULL
             WHEN is_full THEN coalesce(begun, day)
             WHEN what = 'add' AND NOT ends THEN coalesce(begun, changed, day)
             ELSE begun END AS first_day,
        CASE WHEN ends THEN coalesce(ended, changed, day) ELSE ended END AS last_day
    FROM each
    WHERE NOT is_bare OR ends OR what = 'delete' OR begun IS NOT NULL
),
named AS (
    SELECT d.*, list(p.meaning) FILTER (WHERE p.meaning IS NOT NULL) AS parts
    FROM dated d
    LEFT JOIN x12_enrolment_codes p ON p.field = 'plan' AND regexp_matches(upper(d.plan), p.code)
    GROUP BY ALL
),
tracked AS (
    SELECT *, line AS track, CASE WHEN list_contains(parts, 'medicare advantage') THEN 'medicare advantage' ELSE kind END AS counted
    FROM named
    UNION ALL
    SELECT *, 'part d ' || line, 'part d' FROM named WHERE list_contains(parts, 'part d')
)
SELECT
    key, number, person, scope, set_turn, is_full, day, track, counted AS kind, what,
    is_bare AND (ends OR what = 'delete') AND begun IS NULL AS is_all,
    first_day, last_day, begun IS NULL AND first_day IS NOT NULL AS begin_assumed,
    ends AND ended IS NULL AS end_assumed, last_day <= first_day AS is_none,
    CASE WHEN is_full THEN least(coalesce(first_day, day), day)
         WHEN what = 'delete' THEN coalesce(begun, DATE '1900-01-01')
         WHEN what = 'none' THEN coalesce(begun, changed, day)
         WHEN first_day IS NULL THEN last_day + 1
         ELSE least(first_day, last_day + 1) END AS from_day,
    CASE WHEN is_full THEN DATE '1900-01-01' ELSE coalesce(first_day, last_day + 1) END AS order_day,
    CASE WHEN is_full THEN 0 ELSE place END AS order_place
FROM tracked
WHERE counted <> 'other'
