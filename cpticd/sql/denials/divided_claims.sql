-- One row per claim and group of its lines (or of their diagnoses): the claim as it was decided, once in each group.
SELECT DISTINCT {select} k.claim_id, k.claim_start_date, k.initial_outcome, k.final_outcome, k.first_paid_date,
    k.charge_amount, k.denied_amount, k.final_denied_amount, k.denial_category
FROM line_outcomes o
JOIN (
    SELECT x.*, r.claim_start_date FROM claim_outcomes x JOIN claims r ON r.claim_id = x.claim_id
) k ON k.claim_id = o.claim_id
{joins}
