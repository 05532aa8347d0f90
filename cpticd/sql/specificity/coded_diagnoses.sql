-- One row per group, claim and distinct diagnosis of it, with what its code leaves open.
-- A diagnosis belongs to the groups of the lines that point to it; one that no line points to, to all of its claim.
WITH pointed AS MATERIALIZED (
    SELECT DISTINCT p.claim_id, p.claim_line_number, p.diagnosis_code
    FROM pairs p
    WHERE p.diagnosis_code IS NOT NULL
),
stated AS (
    SELECT DISTINCT d.claim_id, d.diagnosis_code FROM diagnoses d
),
loose AS (
    SELECT s.claim_id, s.diagnosis_code
    FROM stated s
    LEFT JOIN (SELECT DISTINCT claim_id, diagnosis_code FROM pointed) p
        ON p.claim_id = s.claim_id AND p.diagnosis_code = s.diagnosis_code
    WHERE p.claim_id IS NULL
),
placed AS (
    SELECT claim_id, claim_line_number, diagnosis_code FROM pointed
    UNION ALL
    SELECT l.claim_id, o.claim_line_number, l.diagnosis_code
    FROM loose l
    JOIN standing_lines o ON o.claim_id = l.claim_id
)
SELECT DISTINCT {select} o.claim_id, o.person_id, coalesce(o.person_id, o.claim_id) AS cluster, k.diagnosis_code,
    k.unspecified, k.unspecified AND k.specific_sibling AND NOT k.alternative AS with_specific,
    k.condition_unspecified, k.sided, k.laterality_missing, k.severity_missing, k.acuity_missing, k.staged,
    k.episode_missing
FROM placed p
JOIN standing_lines o ON o.claim_id = p.claim_id AND o.claim_line_number = p.claim_line_number
JOIN judged_codes k ON k.diagnosis_code = p.diagnosis_code
WHERE k.judged
