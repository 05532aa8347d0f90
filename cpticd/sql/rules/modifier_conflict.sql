-- One row per line and two modifiers on it that contradict each other.
SELECT a.claim_id, a.claim_line_number, concat_ws(' ', l.hcpcs_code, t.modifier, t.other) AS codes,
    'modifiers ' || t.modifier || ' and ' || t.other || ' stand on one line: ' || t.why AS message,
    'modifiers ' || t.modifier || ' ' || t.other AS evidence, t.source AS release, t.effective_from AS effective_date,
    t.is_certain
FROM rule_modifiers a
JOIN table_modifier_conflicts t ON t.modifier = a.modifier
JOIN rule_modifiers b ON b.claim_id = a.claim_id AND b.claim_line_number = a.claim_line_number AND b.modifier = t.other
JOIN rule_lines l ON l.claim_id = a.claim_id AND l.claim_line_number = a.claim_line_number
WHERE {in_force}
