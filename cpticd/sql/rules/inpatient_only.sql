-- One row per outpatient hospital line with a procedure that Medicare pays for inpatients alone (status C of addendum B).
-- With CA the patient died before he was admitted.
SELECT l.claim_id, l.claim_line_number, l.hcpcs_code AS codes,
    l.hcpcs_code || ' is paid for inpatients alone' AS message, 'status indicator C' AS evidence,
    'OPPS addendum B ' || f.release AS release, f.effective_from AS effective_date
FROM rule_lines l
JOIN release_opps f ON f.code = l.hcpcs_code AND {status} = 'C'
    AND l.service_date BETWEEN coalesce(f.effective_from, DATE '0001-01-01') AND coalesce(f.effective_to, DATE '9999-12-31')
WHERE l.setting = 'outpatient'
    AND NOT EXISTS (SELECT 1 FROM rule_modifiers m WHERE m.claim_id = l.claim_id
                    AND m.claim_line_number = l.claim_line_number AND m.modifier = 'CA')
