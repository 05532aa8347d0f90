-- One row per visit or procedure in the global period of an earlier procedure, without a modifier that says why.
SELECT claim_id, claim_line_number, procedure_code || ' ' || hcpcs_code AS codes,
    service || ' ' || hcpcs_code || ' in the global period of ' || procedure_code
        || CASE WHEN is_certain THEN ' by the same clinician' ELSE ' by a clinician of the group' END || ', without a modifier that says why' AS message,
    'procedure on ' || strftime(procedure_date, '%Y-%m-%d') || '; days after '
        || date_diff('day', procedure_date, service_date) || '; global days ' || global_days
        || '; modifiers that would say so ' || modifiers
        || CASE WHEN is_certain THEN '' ELSE '; whether the two clinicians of the group have one specialty is not known' END AS evidence,
    'physician fee schedule ' || release AS release, effective_date, is_certain
FROM rule_global
WHERE rule = 'global_period'
