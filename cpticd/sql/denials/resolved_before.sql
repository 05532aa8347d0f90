-- One row per payer, root cause, turn and day: services denied at first that were worked, old enough on {day} to be
-- settled, and whether they were paid in the end. Worked is what was billed again, or decided again; day counts from the
-- first denial to that. Turn 1 has all of them, turn 2 those that were denied a second time before.
WITH old AS (
    SELECT payer, denial_category AS category, first_paid_date, adjudication_count > payers AS is_twice,
        adjudication_count > payers + 1 AS is_thrice,
        coalesce(accepted_date <= {day}, FALSE) AND final_outcome IN ('paid', 'partly denied') AS is_paid,
        CASE WHEN resubmitted_date >= first_paid_date AND resubmitted_date <= {day} THEN resubmitted_date END AS sent,
        CASE WHEN last_paid_date > first_paid_date AND last_paid_date <= {day}
                AND (adjudication_count > payers OR final_outcome IN ('paid', 'partly denied'))
            THEN last_paid_date END AS decided
    FROM services o
    WHERE initial_outcome = 'denied' AND final_outcome <> 'void' AND {kept}
        AND first_paid_date <= {day} - INTERVAL {maturity} DAY
),
worked AS (  -- what was sent a short while ago and is not answered says nothing yet
    SELECT payer, category, CASE WHEN is_paid THEN 1 ELSE 0 END AS is_paid,
        date_diff('day', first_paid_date, least(coalesce(sent, decided), coalesce(decided, sent))) AS day,
        CASE WHEN is_paid THEN is_thrice ELSE is_twice AND decided IS NOT NULL END AS is_second
    FROM old
    WHERE is_paid OR decided >= coalesce(sent, decided) OR sent <= {day} - INTERVAL {maturity} DAY
)
SELECT payer, category, 1 AS turn, is_paid, day, count(*) AS n
FROM worked
GROUP BY payer, category, is_paid, day
UNION ALL
SELECT payer, category, 2 AS turn, is_paid, day, count(*) AS n
FROM worked
WHERE is_second
GROUP BY payer, category, is_paid, day
