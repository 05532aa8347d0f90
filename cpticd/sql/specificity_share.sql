-- One row per group and cluster: distinct diagnoses of claims, and what they leave open.
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
    SELECT l.claim_id, o.claim_line_number, l.diagnosis_code FROM loose l JOIN {lines} o ON o.claim_id = l.claim_id
),
coded AS (
    SELECT DISTINCT {select} o.claim_id, coalesce(o.person_id, o.claim_id) AS cluster, k.diagnosis_code,
        k.unspecified, k.specific_sibling AND NOT k.alternative AS with_specific, k.condition_unspecified, k.sided,
        k.laterality_missing, k.severity_missing, k.acuity_missing, k.staged, k.episode_missing
    FROM placed p
    JOIN {lines} o ON o.claim_id = p.claim_id AND o.claim_line_number = p.claim_line_number
    JOIN {codes} k ON k.diagnosis_code = p.diagnosis_code
    WHERE k.judged
),
counted AS (
    SELECT {names} cluster, count(DISTINCT claim_id) AS claims, CAST(count(*) AS DOUBLE) AS n,
        CAST(count(CASE WHEN unspecified THEN 1 END) AS DOUBLE) AS u,
        count(CASE WHEN unspecified AND with_specific THEN 1 END) AS with_specific,
        count(CASE WHEN condition_unspecified THEN 1 END) AS condition_unspecified,
        count(CASE WHEN sided THEN 1 END) AS sided,
        count(CASE WHEN laterality_missing THEN 1 END) AS laterality_missing,
        count(CASE WHEN severity_missing THEN 1 END) AS severity_missing,
        count(CASE WHEN acuity_missing THEN 1 END) AS acuity_missing,
        count(CASE WHEN staged THEN 1 END) AS staged,
        count(CASE WHEN episode_missing THEN 1 END) AS encounter_missing
    FROM coded
    GROUP BY {names} cluster
)
SELECT {names} count(*) AS clusters, CAST(sum(claims) AS BIGINT) AS claims, sum(n) AS diagnoses, sum(u) AS unspecified,
    sum(n * n) AS nn, sum(n * u) AS nu, sum(u * u) AS uu,
    CAST(sum(with_specific) AS BIGINT) AS with_specific,
    CAST(sum(condition_unspecified) AS BIGINT) AS condition_unspecified,
    CAST(sum(sided) AS BIGINT) AS sided, CAST(sum(laterality_missing) AS BIGINT) AS laterality_missing,
    CAST(sum(severity_missing) AS BIGINT) AS severity_missing, CAST(sum(acuity_missing) AS BIGINT) AS acuity_missing,
    CAST(sum(staged) AS BIGINT) AS staged, CAST(sum(encounter_missing) AS BIGINT) AS encounter_missing
FROM counted
{group}
