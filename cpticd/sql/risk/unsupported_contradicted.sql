-- One row per person and HCC of whose codes of the service year every one is contradicted by results of the year: all of
-- them lie where the condition is not, on enough days far enough apart, and no code explains why.
WITH judged AS (
    SELECT g.person_id, g.rule, min(g.low) AS low, max(g.high) AS high, min(g.value) AS lowest, max(g.value) AS highest,
           count(DISTINCT g.observation_date) AS days, min(g.observation_date) AS first_date,
           max(g.observation_date) AS last_date
    FROM observed_readings g
    WHERE g.is_now
    GROUP BY g.person_id, g.rule
),
normal AS (
    SELECT g.*
    FROM judged g
    JOIN observed_rules r ON r.rule = g.rule
    WHERE g.low >= r.value_from AND g.high < r.value_below AND g.days >= r.times
      AND date_diff('day', g.first_date, g.last_date) >= r.days_apart
      AND NOT EXISTS (
          SELECT 1 FROM encounters e
          JOIN asked y ON e.year = y.year
          JOIN contradiction_codes x ON x.diagnosis_code = e.diagnosis_code AND x.rule = g.rule AND x.is_explaining
          WHERE e.person_id = g.person_id)
),
codes AS (
    SELECT DISTINCT c.person_id, c.hcc, c.diagnosis_code FROM coded c JOIN asked y ON c.year = y.year
),
against AS (
    SELECT k.person_id, k.hcc, k.diagnosis_code, n.rule, n.lowest, n.highest, n.days, n.first_date, n.last_date
    FROM codes k
    JOIN contradiction_codes x ON x.diagnosis_code = k.diagnosis_code AND NOT x.is_explaining
    JOIN normal n ON n.person_id = k.person_id AND n.rule = x.rule
)
SELECT k.person_id, k.hcc, min(a.rule) AS rule, min(a.lowest) AS lowest, max(a.highest) AS highest,
       max(a.days) AS days, min(a.first_date) AS first_date, max(a.last_date) AS last_date
FROM codes k
LEFT JOIN against a
    ON a.person_id = k.person_id AND a.hcc = k.hcc AND a.diagnosis_code = k.diagnosis_code
GROUP BY k.person_id, k.hcc
HAVING count(DISTINCT k.diagnosis_code) = count(DISTINCT a.diagnosis_code)
