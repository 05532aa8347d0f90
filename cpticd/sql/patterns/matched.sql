-- One row per claim of a stratum that has claims with the service and without: one without weighs as much as there are
-- claims with it for each without.
WITH counted AS (
    SELECT stratum, CAST(sum(is_case) AS DOUBLE) AS cases, CAST(sum(1 - is_case) AS DOUBLE) AS others
    FROM stratified
    GROUP BY stratum
)
SELECT l.claim_id, l.person_id, coalesce(l.person_id, l.claim_id) AS who, l.is_case, l.stratum, n.cases, n.others,
    CASE WHEN l.is_case = 1 THEN 1 ELSE n.cases / n.others END AS weight
FROM stratified l
JOIN counted n ON n.stratum = l.stratum
WHERE n.cases > 0 AND n.others > 0
