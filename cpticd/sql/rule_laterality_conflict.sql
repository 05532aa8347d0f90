-- One row per line that names a side, by its modifiers, on which no diagnosis that it points to lies. Right and left
-- together, or modifier 50, name both. A diagnosis without a side, or of both, fits. Where the source has no pointers the
-- claim's diagnoses are judged only if the first of them has a side: the others need not belong to the line.
WITH named AS MATERIALIZED (
    SELECT m.claim_id, m.claim_line_number,
        max(CASE WHEN t.side IN ('right', 'both') THEN 1 ELSE 0 END) AS to_right,
        max(CASE WHEN t.side IN ('left', 'both') THEN 1 ELSE 0 END) AS to_left,
        string_agg(m.modifier, ' ' ORDER BY m.modifier) AS modifiers
    FROM edit_modifiers m
    JOIN edit_table_modifiers t ON t.modifier = m.modifier AND t.side <> ''
    GROUP BY m.claim_id, m.claim_line_number
),
pointed AS (
    SELECT p.claim_id, p.claim_line_number,
        max(CASE WHEN d.laterality IN ('right', 'bilateral') THEN 1 ELSE 0 END) AS on_right,
        max(CASE WHEN d.laterality IN ('left', 'bilateral') THEN 1 ELSE 0 END) AS on_left,
        string_agg(DISTINCT p.diagnosis_code, ' ' ORDER BY p.diagnosis_code) AS diagnoses,
        string_agg(DISTINCT d.written || ' (' || d.laterality || ')', ', ' ORDER BY d.written || ' (' || d.laterality || ')')
            AS written
    FROM named n
    JOIN edit_pointed p ON p.claim_id = n.claim_id AND p.claim_line_number = n.claim_line_number
    JOIN edit_sides d ON d.diagnosis_code = p.diagnosis_code AND d.laterality <> 'unspecified' AND NOT d.neutral
    GROUP BY p.claim_id, p.claim_line_number
    HAVING min(CASE WHEN p.level = 'claim' THEN p.diagnosis_position ELSE 1 END) = 1
)
SELECT n.claim_id, n.claim_line_number,
    concat_ws(' ', l.hcpcs_code, n.modifiers, o.diagnoses) AS codes,
    'The line says ' || CASE WHEN to_right + to_left = 2 THEN 'both sides' WHEN to_right = 1 THEN 'right' ELSE 'left' END
        || ' (' || n.modifiers || '); no diagnosis that it points to lies '
        || CASE WHEN to_right + to_left = 2 AND on_right + on_left = 1
                THEN CASE WHEN on_right = 1 THEN 'on the left' ELSE 'on the right' END
                ELSE 'there' END
        || ': ' || o.written || '.' AS message,
    'modifiers ' || n.modifiers || '; diagnoses ' || o.written AS evidence,
    CAST(NULL AS DATE) AS effective_date
FROM named n
JOIN pointed o ON o.claim_id = n.claim_id AND o.claim_line_number = n.claim_line_number
JOIN edit_lines l ON l.claim_id = n.claim_id AND l.claim_line_number = n.claim_line_number
WHERE n.to_right > o.on_right OR n.to_left > o.on_left
