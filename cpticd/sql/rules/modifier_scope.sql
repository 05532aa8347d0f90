-- One row per line and modifier whose range of codes is another one.
SELECT l.claim_id, l.claim_line_number, l.hcpcs_code || ' ' || m.modifier AS codes,
    'modifier ' || m.modifier || ' is for ' || s.meant_for || ', and ' || l.hcpcs_code
        || CASE WHEN s.meant_for = 'visits' THEN ' is none' ELSE ' is a visit' END AS message,
    'modifier ' || m.modifier AS evidence, s.source AS release, CAST(NULL AS DATE) AS effective_date, s.is_certain
FROM rule_modifiers m
JOIN table_modifier_scopes s ON s.modifier = m.modifier AND s.meant_for IN ({meant_for})
JOIN rule_lines l ON l.claim_id = m.claim_id AND l.claim_line_number = m.claim_line_number
WHERE {within} AND length(l.hcpcs_code) = 5
