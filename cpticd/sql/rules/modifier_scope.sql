-- One row per line and modifier whose range of codes is another one.
WITH wrong AS MATERIALIZED (
    SELECT c.hcpcs_code, s.modifier, s.meant_for, s.is_certain, s.source
    FROM rule_billed_codes c
    JOIN table_modifier_scopes s ON {within} AND s.meant_for IN ({meant_for})
    WHERE length(c.hcpcs_code) = 5
),
held AS MATERIALIZED (
    SELECT m.claim_id, m.claim_line_number, m.modifier
    FROM rule_modifiers m
    WHERE m.modifier IN (SELECT modifier FROM wrong)
)
SELECT l.claim_id, l.claim_line_number, l.hcpcs_code || ' ' || w.modifier AS codes,
    'modifier ' || w.modifier || ' is for ' || w.meant_for || ', and ' || l.hcpcs_code
        || CASE WHEN w.meant_for = 'visits' THEN ' is none' ELSE ' is a visit' END AS message,
    'modifier ' || w.modifier AS evidence, w.source AS release, CAST(NULL AS DATE) AS effective_date, w.is_certain
FROM held m
JOIN rule_lines l ON l.claim_id = m.claim_id AND l.claim_line_number = m.claim_line_number
JOIN wrong w ON w.modifier = m.modifier AND w.hcpcs_code = l.hcpcs_code
