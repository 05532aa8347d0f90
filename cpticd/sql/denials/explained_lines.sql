-- One row per service line of some claims: what was submitted, and where it stands.
SELECT
    l.claim_id, l.claim_line_number, c.person_id, o.payer, c.billing_npi, o.place, o.service_date, l.hcpcs_code,
    l.hcpcs_modifier_1, l.hcpcs_modifier_2, l.hcpcs_modifier_3, l.hcpcs_modifier_4,
    l.revenue_center_code, CAST(l.service_unit_quantity AS DOUBLE) AS units,
    CAST(l.charge_amount AS DOUBLE) AS charge_amount, o.initial_outcome, o.final_outcome,
    CAST(o.paid_amount AS DOUBLE) AS paid_amount,
    CAST(o.patient_responsibility_amount AS DOUBLE) AS patient_amount,
    CAST(o.final_denied_amount AS DOUBLE) AS denied_amount, o.adjudication_count, f.hcpcs_family,
    s.final_denial_group
FROM lines l
JOIN line_outcomes o ON o.claim_id = l.claim_id AND o.claim_line_number = l.claim_line_number
LEFT JOIN services s ON s.claim_id = l.claim_id AND s.claim_line_number = l.claim_line_number
LEFT JOIN claims c ON c.claim_id = l.claim_id
LEFT JOIN procedure_families f ON f.hcpcs_code = l.hcpcs_code
WHERE l.claim_id IN ({claims})
ORDER BY l.claim_id, l.claim_line_number
LIMIT {limit}
