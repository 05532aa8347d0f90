-- Service rows of remittances, as lines of claims know them: what was submitted, amounts without sign.
CREATE TEMP TABLE x12_service AS
SELECT
    s.key AS remit, s.ordinal, nullif(s.control, '') AS control, coalesce(s.submitted_hcpcs_code, s.hcpcs_code) AS code,
    s.submitted_hcpcs_code IS NOT NULL AS is_recoded,
    CASE WHEN s.submitted_hcpcs_code IS NULL
        THEN x12_modifiers(s.hcpcs_modifier_1, s.hcpcs_modifier_2, s.hcpcs_modifier_3, s.hcpcs_modifier_4)
        ELSE x12_modifiers(s.submitted_modifier_1, s.submitted_modifier_2, s.submitted_modifier_3, s.submitted_modifier_4)
        END AS modifiers,
    s.revenue_center_code AS revenue, abs(s.charge_amount) AS charge,
    abs(coalesce(s.submitted_unit_quantity, s.service_unit_quantity)) AS units, coalesce(s.start_date, r.start_date) AS day
FROM x12_services s JOIN x12_remits r ON r.key = s.key;
