-- One row per submitted line (0: a claim without lines) and decision of a payer on it.
-- All service rows that answer a line are added up. What is said of the claim as a whole (its adjustments, what was paid
-- beside its lines, rows that answer no line) is spread over the lines by charge, to the cent. A reversal is a row of
-- its own, and cancels the decision that it repeats, wherever the file has it.
WITH {answers},
capped AS (  -- no more can be denied than was neither paid nor the patient's
    SELECT
        *,
        -- (what a claim's deductible takes from a line that was paid less leaves a payment below none: it offsets the share)
        CASE WHEN charge > 0 THEN greatest(0, least(denied, CAST(charge AS DOUBLE)
            - CASE WHEN own_paid >= 0 THEN paid ELSE greatest(coalesce(paid, 0), 0) END
            - greatest(share, 0))) ELSE denied END AS refused
    FROM summed
),
decided AS {kept} (
    SELECT
        *,
        CASE WHEN is_reversal THEN 'reversed'
             WHEN is_returned THEN 'returned'
             WHEN class = 'pricing only' THEN 'predetermined'
             WHEN class = 'forwarded' THEN 'forwarded'
             WHEN class = 'pended' OR (pended > 0 AND coalesce(paid, 0) <= 0 AND refused <= 0 AND share <= 0) THEN 'pended'
             WHEN coalesce(paid, 0) <= 0 AND share <= 0 AND (refused > 0 OR (denied > 0 AND coalesce(charge, 0) <= 0))
                 THEN 'denied'
             -- neither charged nor paid, as far as is known, and a payer gave a reason that denies: denied, the dollars unknown
             WHEN charge IS NULL AND denial IS NOT NULL AND coalesce(paid, 0) <= 0 AND share <= 0
                 AND coalesce(allowed, 0) <= 0 AND class <> 'pended' THEN 'denied'
             WHEN refused > 0 THEN 'partly denied'
             WHEN coalesce(paid, 0) > 0 OR share > 0 OR coalesce(allowed, 0) > 0 THEN 'paid'
             WHEN covered > 0 THEN 'nothing paid'
             WHEN claim_denied THEN 'denied'
             WHEN paid <= 0 AND charge > 0 THEN 'nothing paid'
             ELSE 'paid' END AS decision
    FROM capped
){reversals}
SELECT
    d.claim_id, d.line AS claim_line_number, d.adjudication_number, d.payer, d.payer_id, d.payer_kind,
    CAST(d.payer_sequence AS INTEGER) AS payer_sequence,
    d.paid_date, d.decision, {is_cancelled} AS is_cancelled, d.is_reported,
    CAST(d.charge AS DECIMAL(18,2)) AS charge_amount, d.line_charge AS line_charge_amount,
    CAST(CASE WHEN d.decision IN ('denied', 'nothing paid') THEN 0
              WHEN d.allowed IS NOT NULL THEN CAST(d.allowed AS DOUBLE)
              ELSE d.paid + d.share END AS DECIMAL(18,2)) AS allowed_amount,  -- unknown where the payment is
    CAST(d.paid AS DECIMAL(18,2)) AS paid_amount,
    CAST(d.patient AS DECIMAL(18,2)) AS patient_responsibility_amount,
    CAST(CASE WHEN d.decision NOT IN ('denied', 'partly denied') THEN 0
              WHEN d.denied > 0 THEN d.refused
              ELSE CAST(d.charge AS DOUBLE) END AS DECIMAL(18,2)) AS denied_amount,
    CASE WHEN d.decision IN ('denied', 'partly denied') THEN d.denial.group_code END AS denial_group,
    CASE WHEN d.decision IN ('denied', 'partly denied') THEN d.denial.carc END AS denial_carc,
    CASE WHEN d.decision IN ('denied', 'partly denied') THEN coalesce(d.denial.category, 'no reason given') END
        AS denial_category,
    d.rarcs, d.payer_claim_id
FROM decided d
{cancelled}
