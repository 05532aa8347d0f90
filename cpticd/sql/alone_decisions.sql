-- The same as service_decisions, where no claim belongs to a chain and none has a second answer: a service has one decision.
decisions AS (
    SELECT
        claim_id, claim_line_number, payer AS first_payer, payer_id AS first_payer_id, payer_kind AS first_payer_kind,
        payer_sequence AS first_payer_sequence, paid_date AS first_paid_date, decision AS first_decision,
        denied_amount AS first_denied_amount, denial_group, denial_carc, denial_category, rarcs,
        decision AS last_decision, denied_amount AS last_denied_amount, denial_group AS last_denial_group,
        denial_carc AS last_denial_carc, denial_category AS last_denial_category, rarcs AS last_rarcs,
        CASE WHEN decision = 'denied' THEN payer END AS denying_payer, paid_amount, allowed_amount,
        patient_responsibility_amount, paid_date AS last_paid_date,
        CASE WHEN decision IN ('paid', 'partly denied') THEN paid_date END AS accepted_date,
        1 AS decisions, CAST(1 AS BIGINT) AS payers,
        CAST(CASE WHEN decision = 'denied' THEN 1 ELSE 0 END AS BIGINT) AS refusing_payers
    FROM ledger
    WHERE decision IN ('paid', 'partly denied', 'denied', 'nothing paid')
),
chained AS (
    SELECT
        service_claim_id, service_line_number, claim_id, claim_line_number AS line, claim_id AS last_claim_id,
        claim_line_number AS last_line, CAST(1 AS BIGINT) AS submissions, CAST(NULL AS DATE) AS submitted_date,
        CAST(NULL AS DATE) AS resubmitted_date, 0 AS is_void, false AS is_dropped
    FROM versions
    WHERE false
)
