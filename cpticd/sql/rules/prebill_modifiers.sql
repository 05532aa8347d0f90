-- One row per line and modifier that it carries.
SELECT DISTINCT e.line, m.modifier
FROM prebill_lines e
JOIN (
    SELECT claim_id, claim_line_number, hcpcs_modifier_1 AS modifier FROM lines UNION ALL
    SELECT claim_id, claim_line_number, hcpcs_modifier_2 AS modifier FROM lines UNION ALL
    SELECT claim_id, claim_line_number, hcpcs_modifier_3 AS modifier FROM lines UNION ALL
    SELECT claim_id, claim_line_number, hcpcs_modifier_4 AS modifier FROM lines
) m ON m.claim_id = e.claim_id AND m.claim_line_number = e.claim_line_number
WHERE m.modifier IS NOT NULL AND m.modifier <> ''
ORDER BY e.line, m.modifier
