-- One row per line that satisfies no policy: what it points to, the notices on it, the policies and how far they are
-- met, and diagnoses of the claim that it does not point to and that would have satisfied one.
WITH lines AS MATERIALIZED (
    SELECT DISTINCT claim_id, claim_line_number FROM rule_policy_failing
),
pointed AS MATERIALIZED (
    SELECT DISTINCT x.claim_id, x.claim_line_number, x.diagnosis_code
    FROM rule_policy_pointed x
    JOIN lines l ON l.claim_id = x.claim_id AND l.claim_line_number = x.claim_line_number
),
candidates AS (
    SELECT l.claim_id, l.claim_line_number, d.diagnosis_code, min(d.diagnosis_position) AS diagnosis_position,
        max(CASE WHEN p.claim_id IS NULL THEN 0 ELSE 1 END) AS is_pointed
    FROM lines l
    JOIN rule_diagnoses d ON d.claim_id = l.claim_id AND d.is_reason
    LEFT JOIN pointed p ON p.claim_id = l.claim_id AND p.claim_line_number = l.claim_line_number
        AND p.diagnosis_code = d.diagnosis_code
    GROUP BY l.claim_id, l.claim_line_number, d.diagnosis_code
),
hits AS MATERIALIZED (
    SELECT k.claim_id, k.claim_line_number, f.document, f.version, f.procedure_group, g.alternative, g.code_group, g.size,
        g.expression, k.diagnosis_code, c.written, k.diagnosis_position, k.is_pointed
    FROM rule_policy_failing f
    JOIN candidates k ON k.claim_id = f.claim_id AND k.claim_line_number = f.claim_line_number
    JOIN rule_policy_codes c ON c.document = f.document AND c.version = f.version AND c.role = 'covered'
        AND c.diagnosis_code = k.diagnosis_code
        AND coalesce(c.effective_from <= f.service_date, true) AND coalesce(c.effective_to >= f.service_date, true)
    JOIN rule_policy_groups g ON g.document = f.document AND g.version = f.version
        AND g.procedure_group = f.procedure_group AND g.code_group = c.code_group
),
enough AS (
    SELECT claim_id, claim_line_number, document, version, procedure_group, alternative
    FROM hits
    GROUP BY claim_id, claim_line_number, document, version, procedure_group, alternative, size
    HAVING count(DISTINCT code_group) = size
),
met AS (
    SELECT DISTINCT claim_id, claim_line_number, document, version, procedure_group, alternative, code_group
    FROM hits WHERE is_pointed = 1
),
other AS (
    SELECT DISTINCT h.claim_id, h.claim_line_number, h.written || ' (diagnosis ' || h.diagnosis_position || ') on '
        || h.document AS text
    FROM hits h
    JOIN enough e ON e.claim_id = h.claim_id AND e.claim_line_number = h.claim_line_number AND e.document = h.document
        AND e.version = h.version AND e.procedure_group = h.procedure_group AND e.alternative = h.alternative
    LEFT JOIN met m ON m.claim_id = h.claim_id AND m.claim_line_number = h.claim_line_number AND m.document = h.document
        AND m.version = h.version AND m.procedure_group = h.procedure_group AND m.alternative = h.alternative
        AND m.code_group = h.code_group
    WHERE h.is_pointed = 0 AND m.claim_id IS NULL
),
others AS (
    SELECT claim_id, claim_line_number, string_agg(text, ', ' ORDER BY text) AS others
    FROM other GROUP BY claim_id, claim_line_number
),
diagnoses AS (
    SELECT p.claim_id, p.claim_line_number, string_agg(p.diagnosis_code, ' ' ORDER BY p.diagnosis_code) AS codes
    FROM pointed p GROUP BY p.claim_id, p.claim_line_number
),
notices AS (
    SELECT m.claim_id, m.claim_line_number,
        string_agg(m.modifier || ' (' || t.meaning || ')', ', ' ORDER BY m.modifier) AS notices
    FROM rule_modifiers m
    JOIN table_modifiers t ON t.modifier = m.modifier AND t.family = 'coverage notice'
    GROUP BY m.claim_id, m.claim_line_number
),
asked AS (
    SELECT f.claim_id, f.claim_line_number, f.document, e.expression,
        string_agg(DISTINCT CAST(m.code_group AS VARCHAR), ', ' ORDER BY CAST(m.code_group AS VARCHAR)) AS groups
    FROM rule_policy_failing f
    JOIN (SELECT DISTINCT document, version, procedure_group, expression FROM rule_policy_groups
          WHERE expression IS NOT NULL) e
        ON e.document = f.document AND e.version = f.version AND e.procedure_group = f.procedure_group
    LEFT JOIN met m ON m.claim_id = f.claim_id AND m.claim_line_number = f.claim_line_number
        AND m.document = f.document AND m.version = f.version AND m.procedure_group = f.procedure_group
    GROUP BY f.claim_id, f.claim_line_number, f.document, f.version, f.procedure_group, e.expression
),
combinations AS (
    SELECT claim_id, claim_line_number,
        string_agg(DISTINCT document || ' asks for groups ' || expression || ', met: ' || coalesce(groups, 'none'), ', '
            ORDER BY document || ' asks for groups ' || expression || ', met: ' || coalesce(groups, 'none')) AS asked
    FROM asked GROUP BY claim_id, claim_line_number
)
SELECT d.claim_id, d.claim_line_number, d.codes, o.others, n.notices, c.asked
FROM diagnoses d
LEFT JOIN others o ON o.claim_id = d.claim_id AND o.claim_line_number = d.claim_line_number
LEFT JOIN notices n ON n.claim_id = d.claim_id AND n.claim_line_number = d.claim_line_number
LEFT JOIN combinations c ON c.claim_id = d.claim_id AND c.claim_line_number = d.claim_line_number
