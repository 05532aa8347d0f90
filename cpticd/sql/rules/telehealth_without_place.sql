-- One row per line with a modifier of telehealth in a place that is none: neither 02 nor 10. A clinician in a hospital
-- (19, 22), a clinic with a rate of its own (50, 72) and an institution may keep theirs.
SELECT claim_id, claim_line_number, concat_ws(' ', hcpcs_code, modifiers) AS codes,
    'modifier ' || modifiers || ' says that the service took place at a distance, place of service '
        || place_of_service_code || ' that it did not' AS message,
    'modifiers ' || modifiers || '; place of service ' || place_of_service_code AS evidence,
    'telehealth_modifiers' AS release, CAST(NULL AS DATE) AS effective_date
FROM rule_at_distance
WHERE NOT by_place AND modifiers IS NOT NULL AND place_of_service_code NOT IN ('19', '22', '50', '72')
