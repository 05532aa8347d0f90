-- One row per service: a submitted line (0: a claim without lines) through its replacements, over all payers.
-- It stands on the line whose claim the first decision answered, else on the last version of its claim. Charge counts
-- once. A Medicare processing indicator, where a line has one, is the outcome, whatever was paid beside it.
WITH {decisions},
submitted AS (
    {submitted}
),
waiting AS (
    SELECT
        claim_id, claim_line_number, max(CASE WHEN decision = 'pended' THEN 1 ELSE 0 END) AS pended,
        max(CASE WHEN decision = 'returned' THEN 1 ELSE 0 END) AS returned
    FROM ledger
    WHERE decision IN ('pended', 'returned')
    GROUP BY claim_id, claim_line_number
),
clock AS (SELECT max(paid_date) AS last_day FROM adjudications),
found AS (
    SELECT
        l.claim_id, l.line AS claim_line_number, c.person_id,
        coalesce(d.first_payer, c.payer, '(unknown)') AS payer, c.claim_type,
        coalesce(l.place_of_service_code, c.place_of_service_code, substr(c.bill_type_code, 1, 2) || 'X', '(unknown)') AS place,
        l.hcpcs_code, coalesce(l.claim_line_start_date, c.claim_start_date) AS service_date, l.charge_amount,
        CASE WHEN p.class = 'denied' THEN 'denied'
             WHEN d.claim_id IS NOT NULL THEN d.first_decision
             WHEN p.class IS NOT NULL THEN 'paid'
             WHEN h.is_void = 1 THEN 'void'
             ELSE 'not adjudicated' END AS initial_outcome,
        CASE WHEN p.class = 'denied' THEN 'denied'
             WHEN h.is_void = 1 OR (h.is_dropped AND coalesce(d.last_decision, '') <> 'denied') THEN 'void'
             WHEN d.claim_id IS NOT NULL THEN d.last_decision
             WHEN p.class IS NOT NULL THEN 'paid'
             ELSE 'not adjudicated' END AS final_outcome,
        CAST(d.allowed_amount AS DECIMAL(18,2)) AS allowed_amount, CAST(d.paid_amount AS DECIMAL(18,2)) AS paid_amount,
        CAST(d.patient_responsibility_amount AS DECIMAL(18,2)) AS patient_responsibility_amount,
        CAST(CASE WHEN p.class = 'denied' THEN l.charge_amount ELSE d.first_denied_amount END AS DECIMAL(18,2)) AS denied_amount,
        CAST(CASE WHEN p.class = 'denied' THEN l.charge_amount ELSE d.last_denied_amount END AS DECIMAL(18,2))
            AS final_denied_amount,
        d.first_paid_date, d.denial_group, d.denial_carc,
        CASE WHEN p.class = 'denied' THEN coalesce(p.category, 'other') ELSE d.denial_category END AS denial_category,
        CASE WHEN p.class = 'denied' THEN NULL ELSE d.last_denial_carc END AS final_denial_carc,
        CASE WHEN p.class = 'denied' THEN coalesce(p.category, 'other') ELSE d.last_denial_category END
            AS final_denial_category,
        d.last_denial_group AS final_denial_group, d.rarcs, d.last_rarcs AS final_rarcs,
        CAST(coalesce(d.decisions, 0) AS INTEGER) AS adjudication_count, coalesce(d.payers, 0) AS payers,
        coalesce(d.refusing_payers, 0) AS refusing_payers,
        coalesce(d.first_payer_id, c.payer_id) AS payer_id, coalesce(d.first_payer_kind, c.payer_kind) AS payer_kind,
        coalesce(d.first_payer_sequence, c.payer_sequence) AS payer_sequence, d.denying_payer,
        coalesce(h.submitted_date, c.received_date) AS submitted_date,
        coalesce(c.received_date, c.claim_end_date, l.claim_line_start_date) AS clock_start, h.resubmitted_date,
        d.last_paid_date, d.accepted_date, coalesce(h.submissions, 1) AS submissions,
        coalesce(h.last_claim_id, l.claim_id) AS last_claim_id, coalesce(h.last_line, l.line) AS last_claim_line_number,
        coalesce(h.is_void, 0) = 1 AS is_void, coalesce(w.pended, 0) = 1 AS was_pended, coalesce(w.returned, 0) = 1 AS was_returned,
        c.rejection_code IS NOT NULL OR c.rejected_date IS NOT NULL AS was_rejected
    FROM submitted l
    LEFT JOIN claims c ON c.claim_id = l.claim_id
    LEFT JOIN (SELECT * FROM versions WHERE {some}) v ON v.claim_id = l.claim_id AND v.claim_line_number = l.line
    LEFT JOIN chained h ON h.service_claim_id = v.service_claim_id AND h.service_line_number = v.service_line_number
    LEFT JOIN decisions d ON d.claim_id = l.claim_id AND d.claim_line_number = l.line
    LEFT JOIN line_processing_indicators p ON p.code = l.processing_indicator_code
    LEFT JOIN waiting w ON w.claim_id = l.claim_id AND w.claim_line_number = l.line
    WHERE v.claim_id IS NULL OR (h.claim_id = l.claim_id AND h.line = l.line)
)
SELECT
    f.*,
    CASE WHEN final_outcome = 'void' THEN 'void'
         WHEN initial_outcome = 'not adjudicated' AND was_pended THEN 'pended'
         WHEN initial_outcome = 'not adjudicated' AND was_returned THEN 'returned'
         WHEN initial_outcome = 'not adjudicated' AND was_rejected THEN 'rejected'
         WHEN final_outcome = 'not adjudicated' THEN 'not adjudicated'
         WHEN final_outcome = 'denied' AND first_paid_date <= k.last_day - INTERVAL {maturity} DAY THEN 'denied for good'
         WHEN final_outcome = 'denied' THEN 'open'
         WHEN final_outcome = 'nothing paid' THEN 'nothing paid'
         WHEN final_outcome = 'partly denied' THEN 'paid in part'
         WHEN initial_outcome IN ('denied', 'partly denied') THEN 'overturned'
         WHEN coalesce(paid_amount, 0) <= 0 AND patient_responsibility_amount > 0 THEN 'patient''s'
         -- What one payer left to the patient another one refused, and took from the patient too (CO).
         WHEN coalesce(paid_amount, 0) <= 0 AND refusing_payers > 0 THEN 'nothing paid'
         ELSE 'paid at first' END AS state,
    date_diff('day', clock_start, first_paid_date) AS days_to_first_adjudication,
    CASE WHEN initial_outcome = 'denied' AND resubmitted_date >= first_paid_date
         THEN date_diff('day', first_paid_date, resubmitted_date) END AS days_to_resubmission,
    CASE WHEN initial_outcome = 'denied' AND final_outcome IN ('paid', 'partly denied')
         -- Where another payer had paid before, the denial left nothing to resolve: it ended on its own day.
         THEN greatest(0, date_diff('day', first_paid_date, accepted_date)) END AS days_to_resolution
FROM found f
CROSS JOIN clock k
