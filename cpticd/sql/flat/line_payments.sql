-- One row per line of a decision.
SELECT
    f.claim_id, f.adj AS adjudication_number, f.line AS service_number, f.line AS claim_line_number,
    coalesce(f.paid_hcpcs_code, f.hcpcs_code) AS hcpcs_code,
    CASE WHEN f.paid_hcpcs_code <> f.hcpcs_code THEN f.hcpcs_code END AS submitted_hcpcs_code,
    f._modifiers[1] AS hcpcs_modifier_1, f._modifiers[2] AS hcpcs_modifier_2, f._modifiers[3] AS hcpcs_modifier_3,
    f._modifiers[4] AS hcpcs_modifier_4, f.revenue_center_code, f.charge_amount, f.allowed_amount, f.paid_amount,
    f.service_unit_quantity, f.claim_line_start_date AS service_date, f._source
FROM flat_rows f
WHERE f.adj IS NOT NULL
