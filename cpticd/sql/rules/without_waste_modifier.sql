-- One row per line with a single-dose drug and neither JW nor JZ. Where another line of the drug on the claim and day has
-- JW, this one is the part that was given.
SELECT l.claim_id, l.claim_line_number, l.hcpcs_code AS codes,
    l.hcpcs_code || ' comes in single doses, and the line says neither that some was thrown away (JW) nor that none was (JZ)'
        AS message,
    'modifiers ' || coalesce(concat_ws(' ', l.modifier_1, l.modifier_2, l.modifier_3, l.modifier_4), '') AS evidence,
    'single_dose_drugs, ' || t.source AS release, t.effective_from AS effective_date
FROM rule_lines l
JOIN table_single_dose_drugs t ON t.code = l.hcpcs_code AND {in_force}
WHERE l.setting IN ('practitioner', 'outpatient')
    AND NOT EXISTS (SELECT 1 FROM rule_modifiers m WHERE m.claim_id = l.claim_id
                    AND m.claim_line_number = l.claim_line_number AND m.modifier IN ('JW', 'JZ'))
    AND NOT EXISTS (SELECT 1 FROM rule_lines o
                    JOIN rule_modifiers m ON m.claim_id = o.claim_id AND m.claim_line_number = o.claim_line_number
                        AND m.modifier = 'JW'
                    WHERE o.claim_id = l.claim_id AND o.hcpcs_code = l.hcpcs_code AND o.service_date = l.service_date)
