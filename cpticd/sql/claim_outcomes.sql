-- One row per claim: denied when its status says so or all of its adjudicated lines are, partly when some are.
WITH ranked_causes AS (
    SELECT
        claim_id, denial_group, denial_carc, denial_category,
        row_number() OVER (
            PARTITION BY claim_id ORDER BY sum(denied_amount) DESC, denial_category, denial_carc, denial_group
        ) AS place
    FROM line_outcomes
    WHERE denial_category IS NOT NULL
    GROUP BY claim_id, denial_group, denial_carc, denial_category
),
statuses AS (
    SELECT
        claim_id, claim_status_code, adjudication_number, paid_date, paid_amount, patient_responsibility_amount,
        charge_amount, row_number() OVER (PARTITION BY claim_id ORDER BY adjudication_number) AS place,
        row_number() OVER (PARTITION BY claim_id ORDER BY adjudication_number DESC) AS place_from_last
    FROM adjudications a
    WHERE coalesce(claim_status_code, '') <> '22'
        AND NOT EXISTS (
            SELECT 1 FROM unprocessable u
            WHERE u.claim_id = a.claim_id AND u.adjudication_number = a.adjudication_number
        )
),
by_lines AS (
    SELECT
        claim_id, count(*) AS n,
        sum(CASE WHEN initial_outcome <> 'not adjudicated' THEN 1 ELSE 0 END) AS initial_n,
        sum(CASE WHEN initial_outcome = 'denied' THEN 1 ELSE 0 END) AS initial_denied,
        sum(CASE WHEN initial_outcome = 'partly denied' THEN 1 ELSE 0 END) AS initial_partly,
        sum(CASE WHEN final_outcome <> 'not adjudicated' THEN 1 ELSE 0 END) AS final_n,
        sum(CASE WHEN final_outcome = 'denied' THEN 1 ELSE 0 END) AS final_denied,
        sum(CASE WHEN final_outcome = 'partly denied' THEN 1 ELSE 0 END) AS final_partly,
        sum(allowed_amount) AS allowed_amount, sum(paid_amount) AS paid_amount,
        sum(denied_amount) AS denied_amount, sum(final_denied_amount) AS final_denied_amount,
        sum(patient_responsibility_amount) AS patient_responsibility_amount,
        min(first_paid_date) AS first_paid_date, min(days_to_first_adjudication) AS days
    FROM line_outcomes
    GROUP BY claim_id
)
SELECT
    c.claim_id, c.person_id, coalesce(c.payer, '(unknown)') AS payer, c.claim_type,
    coalesce(c.place_of_service_code, substr(c.bill_type_code, 1, 2) || 'X', '(unknown)') AS place,
    c.claim_start_date AS service_date, c.charge_amount,
    CASE WHEN s.claim_status_code = '4' AND coalesce(s.paid_amount, 0) <= 0 THEN 'denied'
         WHEN b.n IS NULL THEN CASE WHEN s.claim_id IS NULL THEN 'not adjudicated' ELSE 'paid' END
         WHEN b.initial_n = 0 THEN 'not adjudicated'
         WHEN b.initial_denied = b.initial_n THEN 'denied'
         WHEN b.initial_denied + b.initial_partly > 0 THEN 'partly denied'
         ELSE 'paid' END AS initial_outcome,
    CASE WHEN coalesce(b.final_n, 0) = 0 AND coalesce(b.initial_n, 0) > 0 THEN 'not adjudicated'
         WHEN f.claim_status_code = '4' AND coalesce(f.paid_amount, 0) <= 0 THEN 'denied'
         WHEN b.n IS NULL THEN CASE WHEN f.claim_id IS NULL THEN 'not adjudicated' ELSE 'paid' END
         WHEN b.final_n = 0 THEN 'not adjudicated'
         WHEN b.final_denied = b.final_n THEN 'denied'
         WHEN b.final_denied + b.final_partly > 0 THEN 'partly denied'
         ELSE 'paid' END AS final_outcome,
    b.allowed_amount,
    CASE WHEN coalesce(b.n, 0) = 0 THEN f.paid_amount ELSE b.paid_amount END AS paid_amount,
    CASE WHEN coalesce(b.n, 0) = 0 AND s.claim_status_code = '4' THEN c.charge_amount ELSE b.denied_amount END
        AS denied_amount,
    CASE WHEN coalesce(b.n, 0) = 0 AND f.claim_status_code = '4' THEN c.charge_amount ELSE b.final_denied_amount END
        AS final_denied_amount,
    CASE WHEN coalesce(b.n, 0) = 0 THEN f.patient_responsibility_amount ELSE b.patient_responsibility_amount END
        AS patient_responsibility_amount,
    coalesce(b.first_paid_date, s.paid_date) AS first_paid_date,
    coalesce(b.days, date_diff('day', coalesce(c.received_date, c.claim_end_date), s.paid_date))
        AS days_to_first_adjudication,
    r.denial_group, r.denial_carc,
    CASE WHEN s.claim_status_code = '4' AND coalesce(b.n, 0) = 0 THEN coalesce(r.denial_category, 'no reason given')
         ELSE r.denial_category END AS denial_category
FROM claims c
LEFT JOIN by_lines b ON b.claim_id = c.claim_id
LEFT JOIN statuses s ON s.claim_id = c.claim_id AND s.place = 1
LEFT JOIN statuses f ON f.claim_id = c.claim_id AND f.place_from_last = 1
LEFT JOIN ranked_causes r ON r.claim_id = c.claim_id AND r.place = 1
