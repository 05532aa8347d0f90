-- One row per submitted line: what was decided on its service at first, by whom, and at last, over all payers.
-- A service stands on one line. A line of another claim of its chain (the version before or after, the claim to a second
-- payer) is 'counted elsewhere', that of a void 'void'.
SELECT
    claim_id, claim_line_number, person_id, payer, claim_type, place, hcpcs_code, service_date, charge_amount,
    initial_outcome, final_outcome, allowed_amount, paid_amount, denied_amount, final_denied_amount,
    patient_responsibility_amount, first_paid_date, days_to_first_adjudication, denial_group, denial_carc,
    denial_category, adjudication_count, final_denial_carc, final_denial_category
FROM services
WHERE claim_line_number > 0
UNION ALL
SELECT
    l.claim_id, l.claim_line_number, c.person_id, coalesce(c.payer, '(unknown)') AS payer, c.claim_type,
    coalesce(l.place_of_service_code, c.place_of_service_code, substr(c.bill_type_code, 1, 2) || 'X', '(unknown)') AS place,
    l.hcpcs_code, coalesce(l.claim_line_start_date, c.claim_start_date) AS service_date, l.charge_amount,
    CASE WHEN v.relation = 'void' THEN 'void' ELSE 'counted elsewhere' END AS initial_outcome,
    CASE WHEN v.relation = 'void' THEN 'void' ELSE 'counted elsewhere' END AS final_outcome,
    NULL AS allowed_amount, NULL AS paid_amount, NULL AS denied_amount, NULL AS final_denied_amount,
    NULL AS patient_responsibility_amount, NULL AS first_paid_date, NULL AS days_to_first_adjudication,
    NULL AS denial_group, NULL AS denial_carc, NULL AS denial_category, 0 AS adjudication_count,
    NULL AS final_denial_carc, NULL AS final_denial_category
FROM versions v
JOIN lines l ON l.claim_id = v.claim_id AND l.claim_line_number = v.claim_line_number
LEFT JOIN claims c ON c.claim_id = l.claim_id
LEFT JOIN services s ON s.claim_id = v.claim_id AND s.claim_line_number = v.claim_line_number
WHERE s.claim_id IS NULL
