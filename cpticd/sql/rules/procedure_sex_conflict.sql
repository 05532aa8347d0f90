-- One row per line with a service for the other sex, without modifier KX.
SELECT l.claim_id, l.claim_line_number, l.hcpcs_code AS codes,
    l.hcpcs_code || ' is a service for a ' || s.sex || ' patient; the person is ' || l.sex || '.' AS message,
    'sex ' || l.sex || '; ' || s.reason || '; ' || s.source AS evidence,
    {release} AS release, CAST(NULL AS DATE) AS effective_date
FROM rule_lines l
JOIN rule_sexed_services s ON s.hcpcs_code = l.hcpcs_code AND s.sex <> l.sex
LEFT JOIN rule_modifiers m ON m.claim_id = l.claim_id AND m.claim_line_number = l.claim_line_number
    AND m.modifier = 'KX'
WHERE m.modifier IS NULL
