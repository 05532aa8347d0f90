-- One row per group, day and state: claims by days from receipt to first adjudication, or to the last date in the data.
WITH used AS (
    SELECT {select} CASE WHEN o.first_paid_date IS NOT NULL THEN 1 ELSE 0 END AS is_adjudicated,
        date_diff('day', coalesce(r.received_date, r.claim_end_date, r.claim_start_date),
            coalesce(o.first_paid_date, (SELECT max(paid_date) FROM main.adjudications))) AS day
    FROM {relation} o
    JOIN claims r ON r.claim_id = o.claim_id
    {joins}
    WHERE o.first_paid_date IS NOT NULL OR o.initial_outcome = 'not adjudicated'
)
SELECT {columns} day, is_adjudicated, count(*) AS n
FROM used
GROUP BY {columns} day, is_adjudicated
