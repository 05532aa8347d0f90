-- One row per group: distinct diagnoses of claims and what they leave open, and sums of squares over clusters.
WITH counted AS (
    SELECT {columns} cluster, count(DISTINCT claim_id) AS claims, CAST(count(*) AS DOUBLE) AS n,
        CAST(count(CASE WHEN unspecified THEN 1 END) AS DOUBLE) AS u,
        count(CASE WHEN with_specific THEN 1 END) AS with_specific,
        count(CASE WHEN condition_unspecified THEN 1 END) AS condition_unspecified,
        count(CASE WHEN sided THEN 1 END) AS sided,
        count(CASE WHEN laterality_missing THEN 1 END) AS laterality_missing,
        count(CASE WHEN severity_missing THEN 1 END) AS severity_missing,
        count(CASE WHEN acuity_missing THEN 1 END) AS acuity_missing,
        count(CASE WHEN staged THEN 1 END) AS staged,
        count(CASE WHEN episode_missing THEN 1 END) AS encounter_missing
    FROM coded_diagnoses
    GROUP BY {columns} cluster
)
SELECT {columns} count(*) AS clusters, CAST(sum(claims) AS BIGINT) AS claims, sum(n) AS diagnoses,
    sum(u) AS unspecified, sum(n * n) AS nn, sum(n * u) AS nu, sum(u * u) AS uu,
    CAST(sum(with_specific) AS BIGINT) AS with_specific,
    CAST(sum(condition_unspecified) AS BIGINT) AS condition_unspecified,
    CAST(sum(sided) AS BIGINT) AS sided, CAST(sum(laterality_missing) AS BIGINT) AS laterality_missing,
    CAST(sum(severity_missing) AS BIGINT) AS severity_missing, CAST(sum(acuity_missing) AS BIGINT) AS acuity_missing,
    CAST(sum(staged) AS BIGINT) AS staged, CAST(sum(encounter_missing) AS BIGINT) AS encounter_missing
FROM counted
{group}
