-- One row per coverage and turn in which anything is said of it: from when on that holds, and until when (until): a later
-- turn overrules all days from its own from_day on. What is not said stands for nothing covered:
-- a full file ends what it does not have any more, a change of plan the person's other medical coverages.
CREATE TEMP TABLE x12_assertions AS
WITH said AS (
    SELECT * FROM x12_said_coverages UNION ALL SELECT * FROM x12_said_medicare
),
tracks AS (
    SELECT scope, person, track, kind, min(set_turn) AS since
    FROM said WHERE NOT is_all GROUP BY ALL
),
ended AS (
    SELECT t.scope, t.person, t.track, s.set_turn, s.order_day, s.order_place, s.from_day
    FROM said s
    JOIN tracks t ON t.scope = s.scope AND t.person = s.person AND t.since <= s.set_turn AND t.kind <> 'part b'
    WHERE s.is_all
),
replaced AS (
    SELECT t.scope, t.person, t.track, s.set_turn, s.order_day, s.order_place, s.first_day
    FROM said s
    JOIN tracks t ON t.scope = s.scope AND t.person = s.person AND t.since <= s.set_turn AND t.track <> s.track
    LEFT JOIN said o ON o.scope = t.scope AND o.person = t.person AND o.track = t.track AND o.set_turn = s.set_turn
    WHERE s.what = 'change' AND NOT s.is_full AND s.first_day IS NOT NULL AND o.key IS NULL
        AND s.kind IN ('medical', 'medicare advantage') AND t.kind IN ('medical', 'medicare advantage')
),
absent AS (
    SELECT t.scope, t.person, t.track, f.set_turn, DATE '1900-01-01' AS order_day, 0 AS order_place, f.day
    FROM x12_turns f
    JOIN tracks t ON t.scope = f.scope AND t.since < f.set_turn AND t.kind <> 'part b'
    LEFT JOIN said o ON o.scope = t.scope AND o.person = t.person AND o.track = t.track AND o.set_turn = f.set_turn
    WHERE f.is_full AND f.day IS NOT NULL AND o.key IS NULL AND NOT EXISTS (
        SELECT 1 FROM x12_entries e
        WHERE e.set_key = f.set_key AND e.person = t.person AND NOT EXISTS (SELECT 1 FROM x12_coverages c WHERE c.key = e.key)
    )
),
every AS (
    SELECT scope, person, track, set_turn, order_day, order_place, from_day, FALSE AS is_absent FROM said WHERE NOT is_all
    UNION ALL SELECT *, FALSE FROM ended
    UNION ALL SELECT *, FALSE FROM replaced
    UNION ALL SELECT *, TRUE FROM absent
),
turned AS (
    SELECT scope, person, track, set_turn, order_day, order_place, min(from_day) AS from_day, bool_and(is_absent) AS is_absent
    FROM every GROUP BY scope, person, track, set_turn, order_day, order_place
)
SELECT *, min(from_day) OVER (
    PARTITION BY scope, person, track ORDER BY set_turn, order_day, order_place ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
) - 1 AS until
FROM turned
