-- One row per line of a day after the patient died. What can be done later (autopsy, the reading or examination of what
-- was taken before) is left alone.
SELECT l.claim_id, l.claim_line_number, coalesce(l.hcpcs_code, '') AS codes,
    'the service is of a day after the patient died' AS message,
    'service on ' || strftime(l.service_date, '%Y-%m-%d') || '; died on ' || strftime(c.death_date, '%Y-%m-%d') AS evidence,
    '' AS release, CAST(NULL AS DATE) AS effective_date
FROM rule_lines l
JOIN rule_claims c ON c.claim_id = l.claim_id
WHERE l.service_date > c.death_date AND NOT coalesce(l.hcpcs_code BETWEEN '80047' AND '89398', FALSE)
    AND NOT EXISTS (SELECT 1 FROM rule_modifiers m WHERE m.claim_id = l.claim_id
                    AND m.claim_line_number = l.claim_line_number AND m.modifier = '26')
