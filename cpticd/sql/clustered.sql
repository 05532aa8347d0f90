-- One row per group of {rows}: rows (n), those that count (hits), their dollars (whole, and part of it), and sums over
-- rows, claims and persons of squares and products: what design effects by claim and by person are estimated from.
-- A person that is not known is one of the claim's own.
WITH of_claims AS MATERIALIZED (
    SELECT {columns} claim_id, CAST(count(*) AS DOUBLE) AS n, CAST(sum(hit) AS DOUBLE) AS hits,
        sum(whole) AS whole, sum(part) AS part,
        sum(part * part) AS part_part, sum(part * whole) AS part_whole, sum(whole * whole) AS whole_whole {sums}
    FROM {rows}
    GROUP BY {columns} claim_id
),
of_persons AS (
    SELECT {columns} sum(n) AS n, sum(hits) AS hits, sum(whole) AS whole, sum(part) AS part
    FROM of_claims
    LEFT JOIN (SELECT claim_id AS of_claim, person_id AS of_person FROM claims) whose ON of_claim = claim_id
    GROUP BY {columns} of_person, CASE WHEN of_person IS NULL THEN claim_id END
),
clusters AS (
    SELECT {columns} n, hits, whole, part, part_part, part_whole, whole_whole {more}, 1 AS is_claim FROM of_claims
    UNION ALL
    SELECT {columns} n, hits, whole, part, 0 AS part_part, 0 AS part_whole, 0 AS whole_whole {none}, 0 AS is_claim
    FROM of_persons
)
SELECT {columns} sum(is_claim * n) AS n, sum(is_claim * hits) AS hits,
    sum(is_claim * whole) AS whole, sum(is_claim * part) AS part,
    sum(part_part) AS part_part, sum(part_whole) AS part_whole, sum(whole_whole) AS whole_whole {added},
    sum(is_claim) AS claims, sum(is_claim * n * n) AS claim_nn,
    sum(is_claim * hits * hits) AS claim_hit_hit, sum(is_claim * hits * n) AS claim_hit_n,
    sum(is_claim * part * part) AS claim_part_part, sum(is_claim * part * whole) AS claim_part_whole,
    sum(is_claim * whole * whole) AS claim_whole_whole,
    sum(1 - is_claim) AS persons, sum((1 - is_claim) * n * n) AS person_nn,
    sum((1 - is_claim) * hits * hits) AS person_hit_hit, sum((1 - is_claim) * hits * n) AS person_hit_n,
    sum((1 - is_claim) * part * part) AS person_part_part, sum((1 - is_claim) * part * whole) AS person_part_whole,
    sum((1 - is_claim) * whole * whole) AS person_whole_whole
FROM clusters
{group}
