-- One row per line at a distance by its place alone, of a service that is not so by definition.
SELECT d.claim_id, d.claim_line_number, d.hcpcs_code || ' ' || d.place_of_service_code AS codes,
    'place of service ' || d.place_of_service_code || ' without a modifier that says how the service was given' AS message,
    'place of service ' || d.place_of_service_code AS evidence, 'telehealth_modifiers' AS release,
    CAST(NULL AS DATE) AS effective_date
FROM rule_at_distance d
WHERE d.by_place AND d.modifiers IS NULL
    AND NOT EXISTS (SELECT 1 FROM table_remote_services t WHERE {within})
