-- One row per professional line whose place of service contradicts its code. At a distance (02, 10) is another rule's.
SELECT l.claim_id, l.claim_line_number, l.hcpcs_code || ' ' || l.place_of_service_code AS codes,
    l.hcpcs_code || ' (' || t.service || ') does not go with place of service ' || l.place_of_service_code
        || coalesce(' (' || p.name || ')', '') AS message,
    'place of service ' || l.place_of_service_code || '; ' || t.place_rule || ' ' || t.places AS evidence,
    t.source AS release, CAST(NULL AS DATE) AS effective_date
FROM rule_lines l
JOIN (SELECT c.hcpcs_code, t.* FROM rule_billed_codes c JOIN table_place_services t ON {within}) t
    ON t.hcpcs_code = l.hcpcs_code
LEFT JOIN table_place_of_service p ON p.code = l.place_of_service_code
WHERE l.setting = 'practitioner' AND l.place_of_service_code NOT IN ('02', '10')
    AND (t.place_rule = 'only in') <> contains(' ' || t.places || ' ', ' ' || l.place_of_service_code || ' ')
