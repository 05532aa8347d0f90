-- Lines of claims that only a remittance tells of: its service rows, those of one line together.
WITH totals AS (
    SELECT
        o.remit, o.claim, o.line, sum(s.charge_amount) AS charge,
        sum(coalesce(s.submitted_unit_quantity, s.service_unit_quantity)) AS units
    FROM x12_origin_row o JOIN x12_services s ON s.key = o.remit AND s.ordinal = o.ordinal
    GROUP BY o.remit, o.claim, o.line
)
SELECT
    i.claim_id, s.ordinal AS claim_line_number, coalesce(s.start_date, r.start_date) AS claim_line_start_date,
    coalesce(s.end_date, s.start_date, r.end_date) AS claim_line_end_date,
    coalesce(s.submitted_hcpcs_code, s.hcpcs_code) AS hcpcs_code,
    CASE WHEN s.submitted_hcpcs_code IS NULL THEN s.hcpcs_modifier_1 ELSE s.submitted_modifier_1 END AS hcpcs_modifier_1,
    CASE WHEN s.submitted_hcpcs_code IS NULL THEN s.hcpcs_modifier_2 ELSE s.submitted_modifier_2 END AS hcpcs_modifier_2,
    CASE WHEN s.submitted_hcpcs_code IS NULL THEN s.hcpcs_modifier_3 ELSE s.submitted_modifier_3 END AS hcpcs_modifier_3,
    CASE WHEN s.submitted_hcpcs_code IS NULL THEN s.hcpcs_modifier_4 ELSE s.submitted_modifier_4 END AS hcpcs_modifier_4,
    s.revenue_center_code, t.units AS service_unit_quantity, r.rendering_npi, t.charge AS charge_amount, z._source
FROM totals t
JOIN x12_services s ON s.key = t.remit AND s.ordinal = t.line
JOIN x12_remits r ON r.key = t.remit
JOIN x12_id i ON i.key = t.claim
JOIN x12_sources z ON z.number = t.remit >> 32
