-- One row per service that is denied on {day} and was not paid by then: since when, by whom, why.
WITH named AS (
    SELECT o.*,
        CASE WHEN o.initial_outcome = 'denied' THEN o.first_paid_date ELSE o.last_paid_date END AS denied_date,
        o.final_outcome = 'denied' AS is_still
    FROM services o
    WHERE o.final_outcome = 'denied'
        OR (o.initial_outcome = 'denied' AND o.first_paid_date <= {day} AND o.accepted_date > {day})
)
SELECT
    claim_id, claim_line_number, person_id,
    CASE WHEN is_still THEN coalesce(denying_payer, payer) ELSE payer END AS payer, payer_kind, hcpcs_code, place,
    service_date, denied_date, coalesce(last_paid_date, first_paid_date) AS last_paid_date,
    date_diff('day', denied_date, {day}) AS age,
    CASE WHEN is_still THEN coalesce(final_denial_category, denial_category) ELSE denial_category END AS category,
    CASE WHEN is_still THEN coalesce(final_denial_carc, denial_carc) ELSE denial_carc END AS carc,
    CASE WHEN is_still THEN coalesce(final_rarcs, rarcs) ELSE rarcs END AS rarcs,
    CASE WHEN is_still THEN coalesce(final_denial_group, denial_group) ELSE denial_group END AS group_code,
    CAST(charge_amount AS DOUBLE) AS charge_amount, submissions,
    coalesce(is_still AND initial_outcome = 'denied' AND adjudication_count > payers
        AND last_paid_date > first_paid_date, FALSE) AS is_denied_again
FROM named o
WHERE (denied_date IS NULL OR denied_date <= {day}) AND {kept}
