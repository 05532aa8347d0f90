-- One row per line that points to no diagnosis, on a claim that has one, of a source that has pointers.
WITH unpointed AS MATERIALIZED (
    SELECT l.claim_id, l.claim_line_number, l.hcpcs_code
    FROM rule_lines l
    ANTI JOIN pointers p ON p.claim_id = l.claim_id AND p.claim_line_number = l.claim_line_number
    WHERE l.has_pointers AND l.claim_type = 'professional'
),
held AS (
    SELECT d.claim_id, count(*) AS diagnoses
    FROM diagnoses d
    SEMI JOIN unpointed u ON u.claim_id = d.claim_id
    GROUP BY d.claim_id
)
SELECT u.claim_id, u.claim_line_number, coalesce(u.hcpcs_code, '') AS codes,
    'the line points to no diagnosis of the claim' AS message,
    concat('diagnoses on the claim ', CAST(h.diagnoses AS VARCHAR)) AS evidence,
    '' AS release, CAST(NULL AS DATE) AS effective_date
FROM unpointed u
JOIN held h ON h.claim_id = u.claim_id
