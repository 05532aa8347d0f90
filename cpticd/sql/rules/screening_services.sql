-- One row per procedure code on the lines and screening modifier that it goes with, or that excludes it.
SELECT DISTINCT s.hcpcs_code, m.modifier, m.role, m.reason
FROM rule_billed_codes s
JOIN table_screening_modifiers m ON m.role <> 'diagnosis' AND {within}
