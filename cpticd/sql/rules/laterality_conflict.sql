-- One row per line that names a side, by its modifiers, on which no diagnosis that it points to lies. Right and left
-- together, or modifier 50, name both sides, and a diagnosis of both fits either. Where no diagnosis has a side nothing
-- is judged, nor where none of the sided ones is the line's reason: its first diagnosis, one beside a first diagnosis that
-- is a complaint or circumstance (R, Z), or one of the region of the procedure (``side_regions``). Where the source has no
-- pointers, a line is judged only if the first of the claim's diagnoses has a side: the others need not
-- belong to the line. Of a line whose side fits, the finger, toe or eyelid is judged the same way.
WITH named AS MATERIALIZED (
    SELECT m.claim_id, m.claim_line_number,
        max(CASE WHEN t.side IN ('right', 'both') THEN 1 ELSE 0 END) AS to_right,
        max(CASE WHEN t.side IN ('left', 'both') THEN 1 ELSE 0 END) AS to_left,
        string_agg(m.modifier, ' ' ORDER BY m.modifier) AS modifiers
    FROM rule_modifiers m
    JOIN table_modifiers t ON t.modifier = m.modifier AND t.side <> ''
    GROUP BY m.claim_id, m.claim_line_number
),
firsts AS MATERIALIZED (
    SELECT n.claim_id, n.claim_line_number, min(l.hcpcs_code) AS hcpcs_code,
        arg_min(x.diagnosis_code, x.pointer_position) AS first_code
    FROM named n
    JOIN rule_lines l ON l.claim_id = n.claim_id AND l.claim_line_number = n.claim_line_number
    JOIN rule_pointed x ON x.claim_id = n.claim_id AND x.claim_line_number = n.claim_line_number
    GROUP BY n.claim_id, n.claim_line_number
),
regions AS MATERIALIZED (
    SELECT c.hcpcs_code, unnest(string_split(t.diagnosis_prefixes, ' ')) AS prefix
    FROM (SELECT DISTINCT hcpcs_code FROM firsts WHERE hcpcs_code IS NOT NULL) c
    JOIN table_side_regions t ON {within}
),
pointed AS (
    SELECT p.claim_id, p.claim_line_number,
        max(CASE WHEN d.laterality IN ('right', 'bilateral') THEN 1 ELSE 0 END) AS on_right,
        max(CASE WHEN d.laterality IN ('left', 'bilateral') THEN 1 ELSE 0 END) AS on_left,
        string_agg(p.diagnosis_code, ' ' ORDER BY p.diagnosis_code) AS diagnoses,
        string_agg(d.written || ' (' || d.laterality || ')', ', ' ORDER BY p.diagnosis_code) AS written
    FROM (
        SELECT x.claim_id, x.claim_line_number, x.diagnosis_code, x.level, min(x.diagnosis_position) AS diagnosis_position,
            max(CASE WHEN x.diagnosis_code = f.first_code OR substr(f.first_code, 1, 1) IN ('R', 'Z')
                          OR r.prefix IS NOT NULL THEN 1 ELSE 0 END) AS is_reason
        FROM named n
        JOIN rule_pointed x ON x.claim_id = n.claim_id AND x.claim_line_number = n.claim_line_number
        JOIN firsts f ON f.claim_id = n.claim_id AND f.claim_line_number = n.claim_line_number
        LEFT JOIN regions r ON r.hcpcs_code = f.hcpcs_code AND starts_with(x.diagnosis_code, r.prefix)
        GROUP BY x.claim_id, x.claim_line_number, x.diagnosis_code, x.level
    ) p
    JOIN rule_sides d ON d.diagnosis_code = p.diagnosis_code AND d.laterality <> 'unspecified' AND NOT d.neutral
    GROUP BY p.claim_id, p.claim_line_number
    HAVING min(CASE WHEN p.level = 'claim' THEN p.diagnosis_position ELSE 1 END) = 1
        AND max(CASE WHEN p.level = 'claim' THEN 1 ELSE p.is_reason END) = 1
),
wrong_side AS MATERIALIZED (
    SELECT n.*, o.on_right, o.on_left, o.diagnoses, o.written
    FROM named n
    JOIN pointed o ON o.claim_id = n.claim_id AND o.claim_line_number = n.claim_line_number
    WHERE n.to_right > o.on_right OR n.to_left > o.on_left
),
parts AS (
    SELECT m.claim_id, m.claim_line_number, m.modifier, t.anatomy, b.kind
    FROM rule_modifiers m
    JOIN table_modifiers t ON t.modifier = m.modifier
    JOIN (SELECT DISTINCT anatomy, kind FROM table_body_parts) b ON b.anatomy = t.anatomy
),
wrong_part AS (
    SELECT m.claim_id, m.claim_line_number, m.modifier, m.anatomy,
        string_agg(m.diagnosis_code, ' ' ORDER BY m.diagnosis_code) AS diagnoses,
        string_agg(m.written || ' (' || m.title_words || ')', ', ' ORDER BY m.diagnosis_code) AS written
    FROM (
        SELECT t.claim_id, t.claim_line_number, t.modifier, t.anatomy, d.diagnosis_code, d.written,
            min(d.title_words) AS title_words, count(CASE WHEN d.anatomy = t.anatomy THEN 1 END) AS fitting
        FROM parts t
        JOIN rule_pointed p ON p.claim_id = t.claim_id AND p.claim_line_number = t.claim_line_number AND p.level = 'line'
        JOIN rule_named_parts d ON d.diagnosis_code = p.diagnosis_code AND d.kind = t.kind
        GROUP BY t.claim_id, t.claim_line_number, t.modifier, t.anatomy, d.diagnosis_code, d.written
    ) m
    GROUP BY m.claim_id, m.claim_line_number, m.modifier, m.anatomy
    HAVING max(m.fitting) = 0
)
SELECT n.claim_id, n.claim_line_number,
    concat_ws(' ', l.hcpcs_code, n.modifiers, n.diagnoses) AS codes,
    'The line says '
        || CASE WHEN to_right + to_left = 2 THEN 'both sides' WHEN to_right = 1 THEN 'right' ELSE 'left' END
        || ' (' || n.modifiers || '); no diagnosis that it points to lies '
        || CASE WHEN to_right + to_left = 2 AND on_right + on_left = 1
                THEN CASE WHEN on_right = 1 THEN 'on the left' ELSE 'on the right' END
                ELSE 'there' END
        || ': ' || n.written || '.' AS message,
    'modifiers ' || n.modifiers || '; diagnoses ' || n.written AS evidence,
    {release} AS release, CAST(NULL AS DATE) AS effective_date
FROM wrong_side n
JOIN rule_lines l ON l.claim_id = n.claim_id AND l.claim_line_number = n.claim_line_number
UNION ALL
SELECT w.claim_id, w.claim_line_number, concat_ws(' ', l.hcpcs_code, w.modifier, w.diagnoses),
    'The line names the ' || w.anatomy || ' (' || w.modifier || '); the diagnoses that it points to name another part: '
        || w.written || '.',
    'modifier ' || w.modifier || ' (' || w.anatomy || '); diagnoses ' || w.written,
    {release}, CAST(NULL AS DATE)
FROM wrong_part w
JOIN rule_lines l ON l.claim_id = w.claim_id AND l.claim_line_number = w.claim_line_number
LEFT JOIN wrong_side s ON s.claim_id = w.claim_id AND s.claim_line_number = w.claim_line_number
WHERE s.claim_id IS NULL
