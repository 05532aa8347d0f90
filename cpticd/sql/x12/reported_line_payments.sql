-- The charge of a line stands on the first row that answers it.
SELECT
    i.claim_id, r.number AS adjudication_number, r.ordinal AS service_number, l.line AS claim_line_number, r.hcpcs_code,
    r.hcpcs_modifier_1, r.hcpcs_modifier_2, r.hcpcs_modifier_3, r.hcpcs_modifier_4, r.revenue_center_code,
    CASE WHEN r.is_first_of_line THEN l.charge_amount ELSE 0 END AS charge_amount, r.paid_amount, r.service_unit_quantity,
    l.start_date AS service_date, s._source
FROM x12_report r
JOIN x12_id i ON i.key = r.key
JOIN x12_sources s ON s.number = r.key >> 32
LEFT JOIN x12_lines l ON l.key = r.key AND l.line = r.line
WHERE r.line IS NOT NULL
