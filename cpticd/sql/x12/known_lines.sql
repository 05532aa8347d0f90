SELECT
    k.key, l.claim_line_number AS line, CAST(NULL AS VARCHAR) AS control, CAST(l.claim_line_number AS VARCHAR) AS counter,
    l.hcpcs_code, coalesce(array_to_string(list_sort(
        [l.hcpcs_modifier_1, l.hcpcs_modifier_2, l.hcpcs_modifier_3, l.hcpcs_modifier_4]), ' '), '') AS modifiers,
    l.revenue_center_code, l.service_unit_quantity, l.charge_amount, l.claim_line_start_date AS start_date,
    l.claim_line_end_date AS end_date
FROM {lines} l JOIN x12_keys k ON k.claim_id = l.claim_id
