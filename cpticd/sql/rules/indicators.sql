-- One row per line, modifier on it and indicator of the fee schedule that rules the modifier out, or asks for documents.
SELECT m.claim_id, m.claim_line_number, l.hcpcs_code, m.modifier, i.indicator, i.value, t.verdict, t.why, i.release,
    i.effective_from
FROM rule_modifiers m
JOIN (SELECT DISTINCT modifier FROM table_modifier_indicators) k ON k.modifier = m.modifier
JOIN rule_lines l ON l.claim_id = m.claim_id AND l.claim_line_number = m.claim_line_number AND l.setting = 'practitioner'
JOIN ({indicators}) i ON i.code = l.hcpcs_code AND l.service_date BETWEEN i.first_day AND i.last_day
JOIN table_modifier_indicators t ON t.indicator = i.indicator AND t.value = i.value AND t.modifier = m.modifier
