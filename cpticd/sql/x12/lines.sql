SELECT
    i.claim_id, l.line AS claim_line_number, coalesce(l.start_date, c.start_date) AS claim_line_start_date,
    coalesce(l.end_date, l.start_date, c.end_date) AS claim_line_end_date, l.hcpcs_code, l.hcpcs_modifier_1,
    l.hcpcs_modifier_2, l.hcpcs_modifier_3, l.hcpcs_modifier_4, l.revenue_center_code, l.service_unit_quantity,
    l.unit_of_measure, l.ndc_code, coalesce(l.place_of_service_code, c.place_of_service_code) AS place_of_service_code,
    l.rendering_npi, l.rendering_taxonomy, l.charge_amount, s._source
FROM x12_lines l
JOIN x12_id i ON i.key = l.key
JOIN x12_sources s ON s.number = l.key >> 32
LEFT JOIN (
    SELECT
        key, place_of_service_code, CASE WHEN claim_type = 'professional' THEN start_date END AS start_date,
        CASE WHEN claim_type = 'professional' THEN end_date END AS end_date
    FROM x12_claims
) c ON c.key = l.key
