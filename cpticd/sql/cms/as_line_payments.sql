-- One row per line of a decision whose lines carry the payment; those of a cancellation are negative.
SELECT
    claim_id, adjudication_number, line_number AS service_number, answered AS claim_line_number, hcpcs AS hcpcs_code,
    modifier_1 AS hcpcs_modifier_1, modifier_2 AS hcpcs_modifier_2, modifier_3 AS hcpcs_modifier_3,
    modifier_4 AS hcpcs_modifier_4, revenue AS revenue_center_code,
    CASE WHEN sign < 0 THEN -abs(coalesce(line_charge, allowed)) ELSE coalesce(line_charge, allowed) END AS charge_amount,
    CASE WHEN sign < 0 THEN -abs(allowed) ELSE allowed END AS allowed_amount,
    CASE WHEN sign < 0 THEN -abs(line_paid) ELSE line_paid END AS paid_amount,
    units AS service_unit_quantity, coalesce(line_start, claim_day) AS service_date, src AS _source
FROM cms_own_lines
WHERE by_line
