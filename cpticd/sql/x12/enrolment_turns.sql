-- One row per enrolment set: after which others it is applied, of whose members it speaks, from when on, and whether of all.
CREATE TEMP TABLE x12_turns AS
WITH standing AS (
    SELECT e.set_key, bool_and(coalesce(c.meaning = 'stands', FALSE)) AS all_stand
    FROM x12_enrolments e
    LEFT JOIN x12_enrolment_codes c ON c.field = 'maintenance' AND c.code = e.maintenance
    GROUP BY e.set_key
)
SELECT
    s.key AS set_key, s.key >> 32 AS number, s.action, c.meaning AS meant,
    upper(concat_ws('|', coalesce(s.payer, ''), coalesce(s.sponsor, ''), coalesce(s.policy, ''))) AS scope,
    coalesce(s.effective_date, s.sent_date) AS day, s.sent_date,
    coalesce(c.meaning = 'full', a.all_stand, FALSE) AS is_full,
    row_number() OVER (ORDER BY s.sent_date, s.sent_time, s.key) AS set_turn
FROM x12_enrolment_sets s
LEFT JOIN x12_enrolment_codes c ON c.field = 'action' AND c.code = s.action
LEFT JOIN standing a ON a.set_key = s.key
