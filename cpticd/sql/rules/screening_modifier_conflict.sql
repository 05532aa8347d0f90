-- One row per line and screening modifier that its service excludes, or with which none of its diagnoses goes.
WITH named AS MATERIALIZED (
    SELECT l.claim_id, l.claim_line_number, l.hcpcs_code, m.modifier
    FROM rule_modifiers m
    JOIN (SELECT DISTINCT modifier FROM table_screening_modifiers) s ON s.modifier = m.modifier
    JOIN rule_lines l ON l.claim_id = m.claim_id AND l.claim_line_number = m.claim_line_number
    WHERE l.hcpcs_code IS NOT NULL
),
limited AS (
    SELECT DISTINCT modifier FROM table_screening_modifiers WHERE role = 'service'
),
services AS (
    SELECT n.claim_id, n.claim_line_number, n.hcpcs_code, n.modifier, max(x.reason) AS excluded
    FROM named n
    LEFT JOIN rule_screening_services s ON s.hcpcs_code = n.hcpcs_code AND s.modifier = n.modifier
        AND s.role = 'service'
    LEFT JOIN rule_screening_services x ON x.hcpcs_code = n.hcpcs_code AND x.modifier = n.modifier
        AND x.role = 'excluded service'
    LEFT JOIN limited t ON t.modifier = n.modifier
    WHERE x.hcpcs_code IS NOT NULL OR (t.modifier IS NOT NULL AND s.hcpcs_code IS NULL)
    GROUP BY n.claim_id, n.claim_line_number, n.hcpcs_code, n.modifier
),
diagnoses AS (
    SELECT n.claim_id, n.claim_line_number, n.hcpcs_code, n.modifier,
        string_agg(n.diagnosis_code, ' ' ORDER BY n.diagnosis_code) AS codes,
        string_agg(c.written, ', ' ORDER BY c.written) AS written
    FROM (
        SELECT DISTINCT m.claim_id, m.claim_line_number, m.hcpcs_code, m.modifier, p.diagnosis_code
        FROM named m
        JOIN rule_pointed p ON p.claim_id = m.claim_id AND p.claim_line_number = m.claim_line_number
    ) n
    JOIN rule_codes c ON c.diagnosis_code = n.diagnosis_code
    LEFT JOIN rule_screening_codes s ON s.diagnosis_code = n.diagnosis_code AND s.modifier = n.modifier
    GROUP BY n.claim_id, n.claim_line_number, n.hcpcs_code, n.modifier
    HAVING count(s.diagnosis_code) = 0
)
SELECT claim_id, claim_line_number, hcpcs_code || ' ' || modifier AS codes,
    'Modifier ' || modifier || ' does not go with ' || hcpcs_code || '.' AS message,
    'modifier ' || modifier || '; service ' || coalesce(excluded, 'outside those that the modifier is for') AS evidence,
    {release} AS release, CAST(NULL AS DATE) AS effective_date
FROM services
UNION ALL
SELECT d.claim_id, d.claim_line_number, d.hcpcs_code || ' ' || d.modifier || ' ' || d.codes,
    'Modifier ' || d.modifier || ' says screening or prevention; none of the diagnoses that the line points to does: '
        || d.written || '.',
    'modifier ' || d.modifier || '; diagnoses ' || d.written,
    {release}, CAST(NULL AS DATE)
FROM diagnoses d
ANTI JOIN services s ON s.claim_id = d.claim_id AND s.claim_line_number = d.claim_line_number
    AND s.modifier = d.modifier
