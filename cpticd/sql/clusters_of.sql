-- One row per pair and kind of clusters (claim, person, provider) of which one has several of its lines: how many clusters
-- there are, and sums over them. Of a cluster u is the sum of its lines' residuals and n their number: what a design
-- effect is estimated from. Where no cluster has two lines, lines are as good as independent, and there is no row.
WITH persons_of AS MATERIALIZED ({persons}),
several AS MATERIALIZED (SELECT {keys}, cluster FROM persons_of WHERE n > 1),
claims_of AS MATERIALIZED (  -- a claim is one person's
    SELECT {b_keys}, b.claim_number AS cluster, {sums}
    FROM {bridge} b
    JOIN several s ON s.cluster = b.whose AND {same_b}
    GROUP BY {b_keys}, b.claim_number
    UNION ALL
    SELECT {keys}, 0 AS cluster, n, u, primary_n, primary_u FROM persons_of WHERE n = 1
),
providers_of AS (
    SELECT {b_keys}, b.provider_id AS cluster, {sums} FROM {bridge} b GROUP BY {b_keys}, b.provider_id
),
by_person AS (SELECT DISTINCT {keys} FROM several),
by_claim AS (SELECT DISTINCT {keys} FROM claims_of WHERE n > 1),
added AS (
    SELECT 'claim' AS kind, {b_keys}, {added} FROM claims_of b JOIN by_claim s ON {same_b} GROUP BY {b_keys}
    UNION ALL
    SELECT 'person' AS kind, {b_keys}, {added} FROM persons_of b JOIN by_person s ON {same_b} GROUP BY {b_keys}
    UNION ALL
    SELECT 'provider' AS kind, {b_keys}, {added} FROM providers_of b GROUP BY {b_keys} HAVING max(b.n) > 1
)
SELECT t.{id} AS id, a.kind, {names}
FROM added a
JOIN {totals} t ON {same_t}
