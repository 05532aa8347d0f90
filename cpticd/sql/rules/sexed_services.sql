-- One row per procedure code on the lines that is of the organs of one sex.
SELECT s.hcpcs_code, p.sex, min(p.reason) AS reason, min(p.source) AS source
FROM rule_billed_codes s
JOIN table_procedure_sex p ON {within}
GROUP BY s.hcpcs_code, p.sex
