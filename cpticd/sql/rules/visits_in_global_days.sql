-- One row per visit in the global days of a procedure of the same day that no pair has found already.
SELECT claim_id, claim_line_number, procedure_code AS column_1, hcpcs_code AS column_2,
    'global days ' || global_days
        || CASE WHEN is_certain THEN '' ELSE '; whether the two clinicians of the group have one specialty is not known' END AS evidence, 'physician fee schedule ' || release AS release,
    effective_date, FALSE AS never, is_certain
FROM rule_global g
WHERE rule = 'visit_without_modifier_25' AND NOT {known}
