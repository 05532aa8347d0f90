-- One row per person and rule of two results: the last of the year and the last one far enough before it, where both lie
-- in the rule's range for pairs, the milder of the two in its range of values, and none that lies outside stands between
-- them. Milder is the higher where pairs are bounded above, else the lower. Of one day the mildest result counts.
WITH daily AS (
    SELECT g.person_id, g.rule, g.observation_date, g.is_now, r.days_apart, r.pair_from, r.pair_below, r.bounded_above,
           r.value_from, r.value_below, g.code, g.value, g.comparator, g.low, g.high,
           row_number() OVER (
               PARTITION BY g.person_id, g.rule, g.observation_date
               ORDER BY CASE WHEN r.bounded_above THEN -g.high ELSE g.low END, g.code, g.value
           ) AS place
    FROM observed_readings g
    JOIN observed_rules r ON r.rule = g.rule AND r.days_apart IS NOT NULL
),
days AS (SELECT * FROM daily WHERE place = 1),
ends AS (
    SELECT person_id, rule, max(observation_date) AS last_date FROM days WHERE is_now GROUP BY person_id, rule
),
starts AS (
    SELECT d.person_id, d.rule, e.last_date, max(d.observation_date) AS first_date
    FROM ends e
    JOIN days d ON d.person_id = e.person_id AND d.rule = e.rule
     AND date_diff('day', d.observation_date, e.last_date) >= d.days_apart
    GROUP BY d.person_id, d.rule, e.last_date
),
pairs AS (
    SELECT s.person_id, s.rule, b.code, s.first_date, s.last_date, a.value AS first_value, b.value AS last_value,
           a.comparator AS first_comparator, b.comparator AS last_comparator, b.pair_from, b.pair_below,
           b.value_from, b.value_below, least(a.low, b.low) AS low, greatest(a.high, b.high) AS high,
           CASE WHEN b.bounded_above THEN greatest(a.high, b.high) ELSE least(a.low, b.low) END AS milder
    FROM starts s
    JOIN days a ON a.person_id = s.person_id AND a.rule = s.rule AND a.observation_date = s.first_date
    JOIN days b ON b.person_id = s.person_id AND b.rule = s.rule AND b.observation_date = s.last_date
)
SELECT p.person_id, p.rule, p.code, p.last_date, p.last_value, p.last_comparator, p.first_date, p.first_value,
       p.first_comparator
FROM pairs p
WHERE p.low >= p.pair_from AND p.high < p.pair_below AND p.milder >= p.value_from AND p.milder < p.value_below
  AND NOT EXISTS (
      SELECT 1 FROM days d
      WHERE d.person_id = p.person_id AND d.rule = p.rule AND d.observation_date > p.first_date
        AND d.observation_date < p.last_date AND (d.high < p.pair_from OR d.low >= p.pair_below)
  )
