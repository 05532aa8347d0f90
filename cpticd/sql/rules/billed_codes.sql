-- One row per procedure code on the lines.
SELECT DISTINCT hcpcs_code FROM rule_lines WHERE hcpcs_code IS NOT NULL
