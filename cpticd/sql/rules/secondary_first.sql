-- One row per place of a first diagnosis that may only stand beside another one: of the claim, and of some codes the first
-- that a line points to. A bill of laboratory tests alone may begin with the drug for which they are done (Z79).
WITH tests AS (
    SELECT claim_id
    FROM rule_lines
    GROUP BY claim_id
    HAVING bool_and(hcpcs_code IN ('36415', '36416') OR hcpcs_code BETWEEN '80047' AND '89398')
)
SELECT p.claim_id, p.claim_line_number, p.diagnosis_code AS codes,
    p.diagnosis_code || ' may not be the first diagnosis: ' || t.why AS message,
    'position ' || p.diagnosis_position
        || CASE WHEN p.diagnosis_position = 1 THEN '' ELSE '; first pointer of the line' END AS evidence,
    'secondary_codes, ' || t.source AS release, CAST(NULL AS DATE) AS effective_date, t.is_certain
FROM rule_first p
JOIN table_secondary_codes t ON starts_with(p.diagnosis_code, t.code)
JOIN rule_claims c ON c.claim_id = p.claim_id AND coalesce(c.setting, '') <> 'inpatient'
LEFT JOIN tests l ON l.claim_id = p.claim_id AND t.code = 'Z79'
WHERE p.diagnosis_code >= 'B' AND l.claim_id IS NULL AND (p.diagnosis_position = 1 OR t.on_lines)
