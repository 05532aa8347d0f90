-- One row per line of a service that is always therapy, without a modifier of its discipline, or with another's.
SELECT claim_id, claim_line_number, concat_ws(' ', hcpcs_code, given) AS codes,
    hcpcs_code || CASE WHEN given IS NULL THEN ' is therapy, and no modifier (' || disciplines || ') says under which plan of care'
                       ELSE ' is not given under a plan of ' || given || ' (' || disciplines || ')' END AS message,
    'modifiers of therapy ' || coalesce(given, 'none') AS evidence, 'therapy_services, ' || source AS release,
    effective_from AS effective_date
FROM rule_therapy
WHERE is_always_therapy AND (given IS NULL OR (length(given) = 2 AND NOT contains(disciplines, given)))
