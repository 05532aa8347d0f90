-- One row per line. Time units of anesthesia are no units of service.
SELECT
    claim_id, line_number AS claim_line_number, coalesce(line_start, claim_day) AS claim_line_start_date,
    coalesce(line_end, line_start, claim_day) AS claim_line_end_date, hcpcs AS hcpcs_code,
    modifier_1 AS hcpcs_modifier_1, modifier_2 AS hcpcs_modifier_2, modifier_3 AS hcpcs_modifier_3,
    modifier_4 AS hcpcs_modifier_4, revenue AS revenue_center_code,
    CASE WHEN mtus_code = '2' THEN NULL ELSE coalesce(units, mtus_count) END AS service_unit_quantity,
    CASE WHEN mtus_code = '2' THEN 'MJ' WHEN mtus_code = '3' THEN 'UN' END AS unit_of_measure,
    ndc AS ndc_code, place_of_service AS place_of_service_code, rendering_npi,
    coalesce(line_charge, allowed) AS charge_amount, indicator AS processing_indicator_code, src AS _source
FROM cms_own_lines
WHERE sign = 1
