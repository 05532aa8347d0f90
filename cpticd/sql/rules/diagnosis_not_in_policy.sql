-- One row per line that satisfies none of the policies with a covered list that it stands under.
WITH policies AS (
    SELECT claim_id, claim_line_number, hcpcs_code, document, min(release) AS release,
        min(effective_from) AS effective_from,
        row_number() OVER (PARTITION BY claim_id, claim_line_number ORDER BY document) AS place
    FROM rule_policy_failing
    WHERE has_covered
    GROUP BY claim_id, claim_line_number, hcpcs_code, document
),
lines AS (
    SELECT claim_id, claim_line_number, hcpcs_code, count(*) AS number,
        string_agg(CASE WHEN place <= 5 THEN document END, ', ' ORDER BY document) AS documents,
        max(release) AS release, min(effective_from) AS effective_from
    FROM policies
    GROUP BY claim_id, claim_line_number, hcpcs_code
)
SELECT l.claim_id, l.claim_line_number, l.hcpcs_code || ' ' || e.codes AS codes,
    l.hcpcs_code || ' stands under ' || CASE WHEN l.number = 1 THEN 'a coverage policy' ELSE 'coverage policies' END
        || ' (' || l.documents || CASE WHEN l.number > 5 THEN ' and ' || (l.number - 5) || ' more' ELSE '' END
        || '); the diagnoses that the line points to do not satisfy '
        || CASE WHEN l.number = 1 THEN 'it.' ELSE 'any of them.' END
        || CASE WHEN e.others IS NULL THEN '' ELSE ' The claim has another diagnosis that is on a list.' END AS message,
    concat_ws('; ',
        'diagnoses ' || e.codes, e.asked, 'on the claim, not pointed to: ' || e.others, 'notice ' || e.notices) AS evidence,
    'coverage ' || l.release AS release, l.effective_from AS effective_date
FROM lines l
JOIN rule_policy_evidence e ON e.claim_id = l.claim_id AND e.claim_line_number = l.claim_line_number
