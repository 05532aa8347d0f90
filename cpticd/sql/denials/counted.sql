-- One row per group: what is spoken of (n), what of it is counted (hits), their dollars, and what an interval needs.
WITH per_claim AS (
    SELECT {columns} claim_id, count(*) AS n, sum(hit) AS hits, sum(whole) AS whole, sum(part) AS part
    FROM {rows}
    GROUP BY {columns} claim_id
)
SELECT {columns} sum(n) AS n, sum(hits) AS hits, sum(whole) AS whole, sum(part) AS part, count(*) AS claims,
    sum(whole * whole) AS xx, sum(whole * part) AS xy, sum(part * part) AS yy
FROM per_claim
{group}
