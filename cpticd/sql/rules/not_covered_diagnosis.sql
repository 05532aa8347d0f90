-- One row per line that points to a diagnosis on a policy's non-covered list and satisfies no policy. A policy that has
-- no covered list is satisfied by every diagnosis that it does not name.
WITH named AS (
    SELECT f.claim_id, f.claim_line_number, f.hcpcs_code, f.document, f.version, f.release, f.has_covered,
        c.diagnosis_code, c.written,
        greatest(f.effective_from, c.effective_from) AS effective_from
    FROM rule_policy_failing f
    JOIN rule_policy_pointed x ON x.claim_id = f.claim_id AND x.claim_line_number = f.claim_line_number
    JOIN rule_policy_codes c ON c.document = f.document AND c.version = f.version AND c.role = 'not covered'
        AND c.diagnosis_code = x.diagnosis_code
        AND coalesce(c.effective_from <= x.service_date, true) AND coalesce(c.effective_to >= x.service_date, true)
    WHERE f.has_not_covered
),
pointed AS (
    SELECT claim_id, claim_line_number, count(DISTINCT diagnosis_code) AS number
    FROM rule_policy_pointed GROUP BY claim_id, claim_line_number
),
listed AS (
    SELECT claim_id, claim_line_number, hcpcs_code, document, has_covered, diagnosis_code, written,
        max(version) AS version, min(release) AS release, min(effective_from) AS effective_from
    FROM named
    GROUP BY claim_id, claim_line_number, hcpcs_code, document, has_covered, diagnosis_code, written
),
policies AS (
    SELECT l.claim_id, l.claim_line_number, l.hcpcs_code, l.document, max(l.version) AS version, l.has_covered,
        min(l.release) AS release, min(l.effective_from) AS effective_from,
        string_agg(l.written, ', ' ORDER BY l.written) AS written,
        row_number() OVER (PARTITION BY l.claim_id, l.claim_line_number ORDER BY l.document) AS place
    FROM listed l
    JOIN pointed p ON p.claim_id = l.claim_id AND p.claim_line_number = l.claim_line_number
    GROUP BY l.claim_id, l.claim_line_number, l.hcpcs_code, l.document, l.has_covered, p.number
    HAVING l.has_covered OR count(*) = p.number
),
lines AS (
    SELECT claim_id, claim_line_number, hcpcs_code, count(*) AS number, min(release) AS release,
        min(effective_from) AS effective_from,
        string_agg(CASE WHEN place <= 5 THEN document || ' (' || written || ')' END, ', ' ORDER BY document) AS documents,
        min(CASE WHEN place = 1 THEN document END) AS document,
        min(CASE WHEN place = 1 THEN written END) AS written
    FROM policies
    GROUP BY claim_id, claim_line_number, hcpcs_code
),
unlisted AS (
    SELECT p.claim_id, p.claim_line_number,
        string_agg(DISTINCT d.written || ' (diagnosis ' || e.diagnosis_position || ') not on that list', ', '
            ORDER BY d.written || ' (diagnosis ' || e.diagnosis_position || ') not on that list') AS others
    FROM policies p
    JOIN rule_diagnoses e ON e.claim_id = p.claim_id AND e.is_reason
    JOIN rule_codes d ON d.diagnosis_code = e.diagnosis_code
    LEFT JOIN rule_policy_codes n ON n.document = p.document AND n.version = p.version AND n.role = 'not covered'
        AND n.diagnosis_code = e.diagnosis_code
    WHERE p.place = 1 AND NOT p.has_covered AND n.document IS NULL
    GROUP BY p.claim_id, p.claim_line_number
)
SELECT l.claim_id, l.claim_line_number, l.hcpcs_code || ' ' || e.codes AS codes,
    l.written || ' is on the list of diagnoses that ' || l.document || ' does not cover for ' || l.hcpcs_code || '.'
        || CASE WHEN e.others IS NOT NULL THEN ' The claim has another diagnosis that is on a covered list.'
                WHEN u.others IS NOT NULL THEN ' The claim has another diagnosis that is not on that list.'
                ELSE '' END AS message,
    concat_ws('; ',
        'not covered by ' || l.documents || CASE WHEN l.number > 5 THEN ' and ' || (l.number - 5) || ' more' ELSE '' END,
        'diagnoses ' || e.codes, 'on the claim, not pointed to: ' || coalesce(e.others, u.others),
        'notice ' || e.notices) AS evidence,
    'coverage ' || l.release AS release, l.effective_from AS effective_date
FROM lines l
JOIN rule_policy_evidence e ON e.claim_id = l.claim_id AND e.claim_line_number = l.claim_line_number
LEFT JOIN unlisted u ON u.claim_id = l.claim_id AND u.claim_line_number = l.claim_line_number
