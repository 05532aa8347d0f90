-- One row per professional line with a place of service that there is not.
SELECT l.claim_id, l.claim_line_number, coalesce(l.hcpcs_code || ' ', '') || l.place_of_service_code AS codes,
    'place of service ' || l.place_of_service_code || ' is on no list' AS message,
    'place of service ' || l.place_of_service_code AS evidence, 'place_of_service' AS release,
    CAST(NULL AS DATE) AS effective_date
FROM rule_lines l
ANTI JOIN table_place_of_service p ON p.code = l.place_of_service_code
WHERE l.setting = 'practitioner' AND l.place_of_service_code IS NOT NULL
