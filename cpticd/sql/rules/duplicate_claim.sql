-- One row per line, or claim whose every line it is, that another standing claim to the same payer bills already.
-- Versions of one claim are one; the later one received is the copy. It is certain where units and charge are the same.
WITH standing AS (
    SELECT b.*
    FROM rule_billed b
    LEFT JOIN line_outcomes o ON o.claim_id = b.claim_id AND o.claim_line_number = b.claim_line_number
    WHERE NOT b.is_superseded AND NOT b.is_repeat AND b.person_id IS NOT NULL
        AND NOT coalesce(o.final_outcome IN ('not adjudicated', 'void') AND o.adjudication_count > 0, FALSE)
),
placed AS MATERIALIZED (
    SELECT claim_id, claim_line_number, claim_group, hcpcs_code, modifiers, service_date,
        first_value(claim_id) OVER w AS first_claim, first_value(claim_group) OVER w AS first_group,
        first_value(units) OVER w = units AND first_value(charge) OVER w = charge AS is_certain
    FROM standing
    WINDOW w AS (PARTITION BY person_id, payer, payer_sequence, setting, hcpcs_code, modifiers, service_date, service_end_date, clinician, place, revenue, ndc
                 ORDER BY received_date NULLS LAST, claim_id, claim_line_number)
),
copies AS (
    SELECT * FROM placed WHERE claim_group <> first_group
),
counted AS (
    SELECT claim_id, min(first_claim) AS first_claim, max(first_claim) AS last_claim, count(*) AS copied,
        bool_and(is_certain) AS is_certain, string_agg(DISTINCT hcpcs_code, ' ' ORDER BY hcpcs_code) AS codes,
        min(service_date) AS service_date
    FROM copies
    GROUP BY claim_id
),
whole AS (
    SELECT c.*
    FROM counted c
    JOIN (SELECT claim_id, count(*) AS lines FROM rule_lines GROUP BY claim_id) l ON l.claim_id = c.claim_id
    WHERE l.lines = c.copied AND c.first_claim = c.last_claim
)
SELECT claim_id, CAST(NULL AS INTEGER) AS claim_line_number, codes,
    'every line of the claim is billed on claim ' || first_claim || ' already'
        || CASE WHEN is_certain THEN '' ELSE ', but for units or charge' END AS message,
    'claim ' || first_claim || '; ' || copied || ' lines; ' || strftime(service_date, '%Y-%m-%d') AS evidence,
    '' AS release, CAST(NULL AS DATE) AS effective_date, is_certain
FROM whole
UNION ALL
SELECT p.claim_id, p.claim_line_number, concat_ws(' ', p.hcpcs_code, nullif(p.modifiers, '')),
    'the service is billed on claim ' || p.first_claim || ' already'
        || CASE WHEN p.is_certain THEN '' ELSE ', but for units or charge' END
        || ', and no modifier says that it was repeated',
    'claim ' || p.first_claim || '; ' || p.hcpcs_code || ' on ' || strftime(p.service_date, '%Y-%m-%d'),
    '', CAST(NULL AS DATE), p.is_certain
FROM copies p
LEFT JOIN whole w ON w.claim_id = p.claim_id
WHERE w.claim_id IS NULL
