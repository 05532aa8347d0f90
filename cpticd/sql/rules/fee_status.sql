-- One row per line whose code has a status of the fee schedule under which it is not paid so. A notice that the payer does
-- not cover it (GA, GX, GY, GZ) says that denial is expected; a line without a charge only reports.
SELECT l.claim_id, l.claim_line_number, l.hcpcs_code AS codes,
    l.hcpcs_code || ' is ' || t.meaning AS message, 'fee schedule status ' || t.status AS evidence,
    'physician fee schedule ' || f.release AS release, f.effective_from AS effective_date
FROM rule_lines l
JOIN release_fee_schedule f ON f.code = l.hcpcs_code AND coalesce(f.modifier, '') = ''
    AND l.service_date BETWEEN coalesce(f.effective_from, DATE '0001-01-01') AND coalesce(f.effective_to, DATE '9999-12-31')
JOIN table_fee_statuses t ON t.status = {status} AND t.rule = '{rule}'
WHERE coalesce(l.charge_amount, 1) > 0
    AND NOT EXISTS (SELECT 1 FROM rule_modifiers m JOIN table_modifiers k ON k.modifier = m.modifier
                    AND k.family = 'coverage notice'
                    WHERE m.claim_id = l.claim_id AND m.claim_line_number = l.claim_line_number)
