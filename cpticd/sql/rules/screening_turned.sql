-- One row per line of a service into which a screening turned, by its first diagnosis, without the modifier that says so.
-- PT is Medicare's, 33 that of others; where the kind of payer is not known, either will do.
SELECT l.claim_id, l.claim_line_number, l.hcpcs_code || ' ' || p.diagnosis_code AS codes,
    l.hcpcs_code || ' began as a screening by its first diagnosis, and no modifier ('
        || CASE WHEN l.payer_kind IN ('medicare', 'medicare advantage') THEN t.medicare_modifier
                WHEN l.payer_kind IS NULL THEN t.medicare_modifier || ' or ' || t.other_modifier
                ELSE t.other_modifier END || ') says so' AS message,
    'first diagnosis ' || p.diagnosis_code AS evidence, t.source AS release, t.effective_from AS effective_date
FROM rule_lines l
JOIN (SELECT c.hcpcs_code, t.* FROM rule_billed_codes c JOIN table_screening_turned t ON {within}) t
    ON t.hcpcs_code = l.hcpcs_code AND {in_force}
JOIN rule_pointed p ON p.claim_id = l.claim_id AND p.claim_line_number = l.claim_line_number AND p.pointer_position = 1
    AND starts_with(p.diagnosis_code, t.diagnosis_prefix)
WHERE NOT EXISTS (SELECT 1 FROM rule_modifiers m WHERE m.claim_id = l.claim_id AND m.claim_line_number = l.claim_line_number
                  AND m.modifier IN (t.medicare_modifier, t.other_modifier))
