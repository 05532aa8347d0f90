-- One row per line or claim and pair of diagnoses that say one condition with sides that do not go together: right and
-- left where one code says both, or the side left open beside a code that has it. The finding stands on each line that
-- points to both codes; on the claim where none does.
WITH pairs AS MATERIALIZED (
    SELECT DISTINCT a.claim_id, a.diagnosis_code AS first_code, b.diagnosis_code AS second_code,
        s.written AS first_written, t.written AS second_written, s.laterality AS first_side, t.laterality AS second_side
    FROM rule_diagnoses a
    JOIN rule_sides s ON s.diagnosis_code = a.diagnosis_code
    JOIN rule_diagnoses b ON b.claim_id = a.claim_id AND a.is_reason AND b.is_reason
    JOIN rule_sides t ON t.diagnosis_code = b.diagnosis_code AND t.condition = s.condition
    WHERE (s.laterality = 'right' AND t.laterality = 'left' AND s.bilateral_code IS NOT NULL)
        OR (s.laterality = 'unspecified' AND t.laterality IN ('right', 'left', 'bilateral'))
),
on_lines AS (
    SELECT DISTINCT p.claim_id, x.claim_line_number, p.first_code, p.second_code
    FROM pairs p
    JOIN rule_pointed x ON x.claim_id = p.claim_id AND x.diagnosis_code = p.first_code AND x.level = 'line'
    JOIN rule_pointed y ON y.claim_id = p.claim_id AND y.diagnosis_code = p.second_code
        AND y.claim_line_number = x.claim_line_number
)
SELECT p.claim_id, o.claim_line_number,
    p.first_code || ' ' || p.second_code AS codes,
    CASE WHEN p.first_side = 'right'
         THEN p.first_written || ' (right) and ' || p.second_written || ' (left) stand side by side; the code set has one '
             || 'code for both sides.'
         ELSE p.first_written || ' leaves the side open beside ' || p.second_written || ' (' || p.second_side
             || ') of the same condition.' END AS message,
    'diagnoses ' || p.first_code || ' ' || p.first_side || ', ' || p.second_code || ' ' || p.second_side AS evidence,
    {release} AS release, CAST(NULL AS DATE) AS effective_date
FROM pairs p
LEFT JOIN on_lines o ON o.claim_id = p.claim_id AND o.first_code = p.first_code AND o.second_code = p.second_code
