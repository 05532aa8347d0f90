-- One row per service line and modifier on it.
SELECT claim_id, claim_line_number, modifier_1 AS modifier FROM rule_lines WHERE modifier_1 IS NOT NULL
UNION
SELECT claim_id, claim_line_number, modifier_2 FROM rule_lines WHERE modifier_2 IS NOT NULL
UNION
SELECT claim_id, claim_line_number, modifier_3 FROM rule_lines WHERE modifier_3 IS NOT NULL
UNION
SELECT claim_id, claim_line_number, modifier_4 FROM rule_lines WHERE modifier_4 IS NOT NULL
