-- One row per diagnosis code and day of service on which it was not a code that may be billed, and why not.
-- A code that was divided is a header now; that it was billable until then says more, so it counts as retired. One
-- that takes a seventh character now counts as lacking it.
-- A code that came or went where the releases do not show it is left alone.
WITH used AS (
    SELECT DISTINCT diagnosis_code, service_date FROM rule_placed WHERE service_date IS NOT NULL
),
releases AS (
    SELECT release, min(effective_from) AS first_day FROM rule_code_periods GROUP BY release
),
dated AS (
    SELECT u.service_date, max(r.first_day) AS first_day
    FROM (SELECT DISTINCT service_date FROM used) u
    JOIN releases r ON r.first_day <= u.service_date
    GROUP BY u.service_date
),
held AS (
    SELECT code, min(effective_from) AS first_day, max(coalesce(effective_to, DATE '9999-12-31')) AS last_day
    FROM rule_code_periods
    WHERE reason = 'valid'
    GROUP BY code
)
SELECT
    u.diagnosis_code,
    u.service_date,
    CASE WHEN p.reason = 'header, not billable' AND h.last_day < u.service_date
              AND n.code IS NULL THEN 'retired'
         -- Filled up with placeholders it is on no list, and what it lacks is still its seventh character.
         WHEN p.reason IS NULL AND n.code IS NOT NULL THEN 'header, not billable'
         ELSE coalesce(p.reason, 'unknown') END AS reason,
    coalesce(p.reason, '') = 'header, not billable' AS is_header,
    coalesce(r.release, '') AS release,
    p.effective_from,
    h.first_day,
    h.last_day,
    n.code IS NOT NULL AS lacks_seventh
FROM used u
LEFT JOIN rule_code_periods p ON p.code = u.diagnosis_code AND u.service_date >= p.effective_from
    AND u.service_date <= coalesce(p.effective_to, DATE '9999-12-31')
LEFT JOIN dated d ON d.service_date = u.service_date
LEFT JOIN releases r ON r.first_day = d.first_day
LEFT JOIN held h ON h.code = u.diagnosis_code
LEFT JOIN rule_code_sevenths n ON n.code = u.diagnosis_code
WHERE coalesce(p.reason, 'unknown') NOT IN ('valid', 'not determined')
    -- No code of ICD-10-CM begins with a digit: rule wrong_code_set.
    AND u.diagnosis_code >= 'A'
