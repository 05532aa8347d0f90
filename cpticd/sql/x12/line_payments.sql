SELECT
    i.claim_id, l.number AS adjudication_number, t.ordinal AS service_number, n.line AS claim_line_number, t.hcpcs_code,
    t.submitted_hcpcs_code, t.hcpcs_modifier_1, t.hcpcs_modifier_2, t.hcpcs_modifier_3, t.hcpcs_modifier_4,
    t.revenue_center_code, t.charge_amount, t.allowed_amount, t.paid_amount, t.service_unit_quantity,
    coalesce(t.start_date, r.start_date) AS service_date, s._source
FROM x12_services t
JOIN x12_remits r ON r.key = t.key
JOIN x12_link l ON l.remit = t.key
JOIN x12_id i ON i.key = l.claim
JOIN x12_line_number n ON n.remit = t.key AND n.ordinal = t.ordinal
JOIN x12_sources s ON s.number = t.key >> 32
