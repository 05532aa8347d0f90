-- One row per person and day from receipt of a claim to its first adjudication; day is null where there is none yet.
SELECT DISTINCT c.person_id, CASE WHEN o.first_paid_date IS NOT NULL
    THEN date_diff('day', coalesce(c.received_date, c.claim_end_date, c.claim_start_date), o.first_paid_date) END AS day
FROM claim_outcomes o
JOIN claims c ON c.claim_id = o.claim_id
WHERE o.first_paid_date IS NOT NULL OR o.initial_outcome = 'not adjudicated'
