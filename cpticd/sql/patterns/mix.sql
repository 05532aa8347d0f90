-- One row per code family, group and level: its lines and persons, and sums over claims and persons of its lines (n) with
-- themselves, with the family's (whole) and with the family's levels added up (sum). A code counts on the days on which
-- its row holds; who is not known is one of the claim's own.
WITH of_claims AS MATERIALIZED (
    SELECT v.family, {columns} v.level, o.claim_id, min(o.person_id) AS person_id, CAST(count(*) AS DOUBLE) AS n
    FROM {lines} o
    JOIN code_levels v ON v.code = o.hcpcs_code
        AND (v.effective_from IS NULL OR o.service_date >= v.effective_from)
        AND (v.effective_to IS NULL OR o.service_date <= v.effective_to)
    WHERE {kept}
    GROUP BY v.family, {columns} v.level, o.claim_id
),
of_persons AS (
    SELECT o.family, {columns} o.level, o.person_id, CASE WHEN o.person_id IS NULL THEN o.claim_id END AS nobody, sum(o.n) AS n
    FROM of_claims o
    GROUP BY o.family, {columns} o.level, o.person_id, CASE WHEN o.person_id IS NULL THEN o.claim_id END
),
clusters AS (
    SELECT o.family, {columns} o.level, o.n, 1 AS is_claim, 0 AS is_known,
        sum(o.n) OVER (PARTITION BY o.family, {columns} o.claim_id) AS whole,
        sum(o.n * o.level) OVER (PARTITION BY o.family, {columns} o.claim_id) AS levels
    FROM of_claims o
    UNION ALL
    SELECT o.family, {columns} o.level, o.n, 0 AS is_claim, CASE WHEN o.person_id IS NULL THEN 0 ELSE 1 END AS is_known,
        sum(o.n) OVER (PARTITION BY o.family, {columns} o.person_id, o.nobody) AS whole,
        sum(o.n * o.level) OVER (PARTITION BY o.family, {columns} o.person_id, o.nobody) AS levels
    FROM of_persons o
)
SELECT o.family, {columns} o.level, sum(o.is_claim * o.n) AS lines, sum(o.is_known) AS persons,
    sum(o.is_claim * o.n / o.whole) AS claim_part, sum(o.is_claim * o.n * o.n) AS claim_kk,
    sum(o.is_claim * o.n * o.whole) AS claim_nk, sum(o.is_claim * o.n * o.levels) AS claim_nx,
    sum((1 - o.is_claim) * o.n / o.whole) AS person_part, sum((1 - o.is_claim) * o.n * o.n) AS person_kk,
    sum((1 - o.is_claim) * o.n * o.whole) AS person_nk, sum((1 - o.is_claim) * o.n * o.levels) AS person_nx
FROM clusters o
GROUP BY o.family, {columns} o.level
ORDER BY o.family, {columns} o.level
