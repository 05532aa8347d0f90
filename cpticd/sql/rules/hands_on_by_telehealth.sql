-- One row per line of a service that needs the patient at hand, and that says that it took place at a distance. The
-- reading (26) of a picture or test is no service at the patient.
SELECT d.claim_id, d.claim_line_number, concat_ws(' ', d.hcpcs_code, d.modifiers) AS codes,
    d.hcpcs_code || ' (' || t.service || ') is billed as a service at a distance' AS message,
    concat_ws('; ', 'place of service ' || d.place_of_service_code, 'modifiers ' || d.modifiers) AS evidence,
    t.source AS release, CAST(NULL AS DATE) AS effective_date
FROM rule_at_distance d
JOIN (SELECT c.hcpcs_code, t.service, t.source FROM rule_billed_codes c JOIN table_hands_on_services t ON {within}
      WHERE length(c.hcpcs_code) = 5) t ON t.hcpcs_code = d.hcpcs_code
WHERE NOT EXISTS (SELECT 1 FROM rule_modifiers m WHERE m.claim_id = d.claim_id
                  AND m.claim_line_number = d.claim_line_number AND m.modifier = '26')
