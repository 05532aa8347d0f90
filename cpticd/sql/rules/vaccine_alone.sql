-- One row per line with this {role} and no {other} of the person and day, on the claim or another one that stands.
SELECT v.claim_id, v.claim_line_number, v.hcpcs_code AS codes, v.hcpcs_code || ' {says}' AS message,
    '{role} on ' || strftime(v.service_date, '%Y-%m-%d') AS evidence, 'vaccine_codes' AS release,
    CAST(NULL AS DATE) AS effective_date
FROM rule_vaccinations v
WHERE v.role = '{role}' AND NOT EXISTS (
    SELECT 1 FROM rule_vaccinations o
    WHERE o.person = v.person AND o.service_date = v.service_date AND o.role = '{other}'
        AND (o.claim_id = v.claim_id OR (o.claim_group <> v.claim_group AND NOT o.is_superseded)))
