-- One row per service and group of the diagnoses that its line points to; its dollars are shared out over its diagnoses.
WITH grouped AS (
    SELECT {select} o.claim_id, o.claim_line_number, sum(coalesce(p.share, 1)) AS part
    FROM services o
    {joins}
    GROUP BY {plain} o.claim_id, o.claim_line_number
)
SELECT {grouped} s.claim_id, s.claim_line_number, s.person_id, s.initial_outcome, s.final_outcome, s.state, s.submissions,
    s.denial_category, s.final_denial_category, s.first_paid_date, s.resubmitted_date, s.accepted_date, s.last_paid_date,
    s.days_to_resubmission, s.days_to_resolution, s.was_returned, s.charge_amount * g.part AS charge_amount,
    s.denied_amount * g.part AS denied_amount, s.final_denied_amount * g.part AS final_denied_amount,
    s.allowed_amount * g.part AS allowed_amount, g.part
FROM grouped g
JOIN services s ON s.claim_id = g.claim_id AND s.claim_line_number = g.claim_line_number
