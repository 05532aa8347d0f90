-- One row per claim: denied when all of its decided services are, partly when some are.
-- A claim all of whose services stand on other claims of its chain is 'counted elsewhere', a void 'void'.
WITH every AS (  -- lines, and claims that have none
    SELECT
        claim_id, payer, charge_amount, initial_outcome, final_outcome, allowed_amount, paid_amount, denied_amount,
        final_denied_amount, patient_responsibility_amount, first_paid_date, days_to_first_adjudication, denial_group,
        denial_carc, denial_category
    FROM line_outcomes
    UNION ALL
    SELECT
        claim_id, payer, charge_amount, initial_outcome, final_outcome, allowed_amount, paid_amount, denied_amount,
        final_denied_amount, patient_responsibility_amount, first_paid_date, days_to_first_adjudication, denial_group,
        denial_carc, denial_category
    FROM services
    WHERE claim_line_number = 0
),
ranked_causes AS (
    SELECT
        claim_id, denial_group, denial_carc, denial_category,
        row_number() OVER (
            PARTITION BY claim_id ORDER BY sum(denied_amount) DESC, denial_category, denial_carc, denial_group
        ) AS place
    FROM every
    WHERE denial_category IS NOT NULL
    GROUP BY claim_id, denial_group, denial_carc, denial_category
),
summed AS (
    SELECT
        claim_id, count(*) AS n,
        min(CASE WHEN initial_outcome IN ('paid', 'partly denied', 'denied', 'nothing paid') THEN payer END) AS payer,
        count(CASE WHEN initial_outcome IN ('paid', 'partly denied', 'denied', 'nothing paid') THEN 1 END) AS initial_n,
        count(CASE WHEN initial_outcome = 'denied' THEN 1 END) AS initial_denied,
        count(CASE WHEN initial_outcome = 'partly denied' THEN 1 END) AS initial_partly,
        count(CASE WHEN initial_outcome = 'nothing paid' THEN 1 END) AS initial_nothing,
        count(CASE WHEN final_outcome IN ('paid', 'partly denied', 'denied', 'nothing paid') THEN 1 END) AS final_n,
        count(CASE WHEN final_outcome = 'denied' THEN 1 END) AS final_denied,
        count(CASE WHEN final_outcome = 'partly denied' THEN 1 END) AS final_partly,
        count(CASE WHEN final_outcome = 'nothing paid' THEN 1 END) AS final_nothing,
        count(CASE WHEN final_outcome = 'void' THEN 1 END) AS void_n,
        count(CASE WHEN initial_outcome = 'counted elsewhere' THEN 1 END) AS elsewhere_n,
        sum(allowed_amount) AS allowed_amount, sum(paid_amount) AS paid_amount,
        sum(denied_amount) AS denied_amount, sum(final_denied_amount) AS final_denied_amount,
        sum(patient_responsibility_amount) AS patient_responsibility_amount,
        min(first_paid_date) AS first_paid_date, min(days_to_first_adjudication) AS days
    FROM every
    GROUP BY claim_id
)
SELECT
    c.claim_id, c.person_id, coalesce(b.payer, c.payer, '(unknown)') AS payer, c.claim_type,
    coalesce(c.place_of_service_code, substr(c.bill_type_code, 1, 2) || 'X', '(unknown)') AS place,
    c.claim_start_date AS service_date, c.charge_amount,
    CASE WHEN coalesce(b.n, 0) = 0 THEN 'not adjudicated'
         WHEN b.initial_n = 0 AND b.void_n = b.n THEN 'void'
         WHEN b.initial_n = 0 AND b.void_n + b.elsewhere_n = b.n THEN 'counted elsewhere'
         WHEN b.initial_n = 0 THEN 'not adjudicated'
         WHEN b.initial_denied = b.initial_n THEN 'denied'
         WHEN b.initial_denied + b.initial_partly > 0 THEN 'partly denied'
         WHEN b.initial_nothing = b.initial_n THEN 'nothing paid'
         ELSE 'paid' END AS initial_outcome,
    CASE WHEN coalesce(b.n, 0) = 0 THEN 'not adjudicated'
         WHEN b.final_n = 0 AND b.void_n > 0 AND b.void_n + b.elsewhere_n = b.n THEN 'void'
         WHEN b.final_n = 0 AND b.elsewhere_n = b.n THEN 'counted elsewhere'
         WHEN b.final_n = 0 THEN 'not adjudicated'
         WHEN b.final_denied = b.final_n THEN 'denied'
         WHEN b.final_denied + b.final_partly > 0 THEN 'partly denied'
         WHEN b.final_nothing = b.final_n THEN 'nothing paid'
         ELSE 'paid' END AS final_outcome,
    b.allowed_amount, b.paid_amount, b.denied_amount, b.final_denied_amount, b.patient_responsibility_amount,
    b.first_paid_date, b.days AS days_to_first_adjudication, r.denial_group, r.denial_carc, r.denial_category
FROM claims c
LEFT JOIN summed b ON b.claim_id = c.claim_id
LEFT JOIN ranked_causes r ON r.claim_id = c.claim_id AND r.place = 1
