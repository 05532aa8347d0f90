-- One row per payer, root cause and day: services denied at first that are old enough on {day}, by the days from then to
-- their payment, or to {day} where there was none by then.
WITH old AS (
    SELECT payer, denial_category AS category,
        coalesce(accepted_date <= {day}, FALSE) AND final_outcome IN ('paid', 'partly denied') AS is_paid,
        first_paid_date, accepted_date
    FROM services o
    WHERE initial_outcome = 'denied' AND final_outcome <> 'void' AND {kept}
        AND first_paid_date <= {day} - INTERVAL {maturity} DAY
)
SELECT payer, category, CASE WHEN is_paid THEN 1 ELSE 0 END AS is_paid,
    date_diff('day', first_paid_date, CASE WHEN is_paid THEN accepted_date ELSE {day} END) AS day, count(*) AS n
FROM old
GROUP BY payer, category, CASE WHEN is_paid THEN 1 ELSE 0 END,
    date_diff('day', first_paid_date, CASE WHEN is_paid THEN accepted_date ELSE {day} END)
