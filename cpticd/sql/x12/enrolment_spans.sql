-- One row per span of days that a person is covered, after all sets; one without an end (is_open) lasts until the last day
-- that sets and claims name, and none lasts beyond death.
CREATE TEMP TABLE x12_spans AS
WITH said AS (
    SELECT * FROM x12_said_coverages UNION ALL SELECT * FROM x12_said_medicare
),
clock AS (
    SELECT greatest(
        (SELECT max(day) FROM x12_turns), (SELECT max(sent_date) FROM x12_turns),
        (SELECT max(coalesce(claim_end_date, claim_start_date)) FROM {claims})
    ) AS last_day
),
died AS (
    SELECT person, arg_max(death_date, key) AS death_date FROM x12_entries WHERE death_date IS NOT NULL GROUP BY person
),
cut AS (
    SELECT
        s.person, s.kind, s.key, s.number, greatest(s.first_day, DATE '1990-01-01') AS first_day,
        least(s.last_day, a.until) AS known_end, d.death_date, k.last_day AS horizon
    FROM said s
    JOIN x12_assertions a
        ON a.scope = s.scope AND a.person = s.person AND a.track = s.track AND a.set_turn = s.set_turn
        AND a.order_day = s.order_day AND a.order_place = s.order_place
    CROSS JOIN clock k
    LEFT JOIN died d ON d.person = s.person
    WHERE s.first_day IS NOT NULL AND NOT coalesce(s.is_none, FALSE)
),
ended AS (
    SELECT *, known_end IS NULL AND (death_date IS NULL OR death_date < first_day) AS is_open,
        least(coalesce(known_end, greatest(first_day, horizon)), CASE WHEN death_date >= first_day THEN death_date END) AS last_day
    FROM cut
)
SELECT person, kind, key, number, first_day, last_day, is_open, horizon
FROM ended
WHERE last_day >= first_day
