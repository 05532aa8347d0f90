-- One row per line that points to no diagnosis, on a claim that has one, of a source that has pointers.
SELECT l.claim_id, l.claim_line_number, coalesce(l.hcpcs_code, '') AS codes,
    'the line points to no diagnosis of the claim' AS message,
    concat('diagnoses on the claim ', CAST(d.diagnoses AS VARCHAR)) AS evidence,
    '' AS release, CAST(NULL AS DATE) AS effective_date
FROM rule_lines l
JOIN (SELECT claim_id, count(*) AS diagnoses FROM diagnoses GROUP BY claim_id) d ON d.claim_id = l.claim_id
LEFT JOIN (SELECT DISTINCT claim_id, claim_line_number FROM pointers) p
    ON p.claim_id = l.claim_id AND p.claim_line_number = l.claim_line_number
WHERE l.has_pointers AND l.claim_type = 'professional' AND p.claim_id IS NULL
