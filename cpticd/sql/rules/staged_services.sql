-- One row per procedure code on the lines and stage of care that it belongs to: active treatment, or healing.
SELECT s.hcpcs_code, e.role AS stage, min(e.reason) AS reason
FROM rule_billed_codes s
JOIN table_encounter_codes e ON e.role IN ('active treatment', 'healing') AND {within}
GROUP BY s.hcpcs_code, e.role
