-- One row per line on which a service stands at last, with what came of the service over all payers, and the last
-- decision on the line that no reversal cancelled. Two services that end on one line are one row.
WITH last_decisions AS (
    SELECT
        claim_id, claim_line_number, max(adjudication_number) AS adjudication_number
    FROM ledger
    WHERE decision IN ('paid', 'partly denied', 'denied', 'nothing paid') AND NOT is_cancelled
    GROUP BY claim_id, claim_line_number
),
ended AS (
    SELECT
        last_claim_id AS claim_id, last_claim_line_number AS line, min(payer) AS payer, min(payer_kind) AS payer_kind,
        min(payer_sequence) AS payer_sequence, sum(paid_amount) AS paid_amount, sum(allowed_amount) AS allowed_amount,
        sum(patient_responsibility_amount) AS patient_amount, max(last_paid_date) AS paid_date, max(payers) AS payers,
        arg_max(final_outcome, coalesce(charge_amount, 0)) AS outcome, arg_max(state, coalesce(charge_amount, 0)) AS state,
        arg_max(final_denial_category, coalesce(charge_amount, 0)) AS cause
    FROM services
    WHERE final_outcome <> 'void'
    GROUP BY last_claim_id, last_claim_line_number
)
SELECT
    e.*, d.adjudication_number, r.rarcs, r.payer_claim_id,
    e.payers <= 1 OR e.outcome IN ('denied', 'partly denied') AS has_reasons
FROM ended e
LEFT JOIN last_decisions d ON d.claim_id = e.claim_id AND d.claim_line_number = e.line
LEFT JOIN ledger r ON r.claim_id = d.claim_id AND r.claim_line_number = d.claim_line_number
    AND r.adjudication_number = d.adjudication_number
