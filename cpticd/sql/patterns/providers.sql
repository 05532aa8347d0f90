-- One row per provider: its lines and those that have what is measured, how many its case mix lets expect, and the
-- cumulants of that hypergeometric count. A stratum's lines are those of all providers.
WITH counted AS (
    SELECT provider, stratum, CAST(count(*) AS DOUBLE) AS n, CAST(sum(hit) AS DOUBLE) AS k
    FROM provider_rows
    WHERE provider <> '(unknown)'
    GROUP BY provider, stratum
),
strata AS (SELECT stratum, sum(n) AS ns, sum(k) AS ks FROM counted GROUP BY stratum),
people AS (SELECT provider, count(DISTINCT person_id) AS persons FROM provider_rows GROUP BY provider),
of_claims AS MATERIALIZED (
    SELECT provider, claim_id, min(person_id) AS person_id, CAST(count(*) AS DOUBLE) AS n, CAST(sum(hit) AS DOUBLE) AS k
    FROM provider_rows
    WHERE provider <> '(unknown)'
    GROUP BY provider, claim_id
),
of_persons AS (  -- who is not known is one of the claim's own
    SELECT provider, sum(n) AS n, sum(k) AS k
    FROM of_claims
    GROUP BY provider, person_id, CASE WHEN person_id IS NULL THEN claim_id END
),
clusters AS (
    SELECT provider, n, k, 1 AS is_claim FROM of_claims
    UNION ALL
    SELECT provider, n, k, 0 AS is_claim FROM of_persons
),
clustered AS (
    SELECT provider, sum(is_claim) AS claims, sum(is_claim * n * n) AS claim_nn, sum(is_claim * n * k) AS claim_nk,
        sum(is_claim * k * k) AS claim_kk, sum(1 - is_claim) AS clustered_persons, sum((1 - is_claim) * n * n) AS person_nn,
        sum((1 - is_claim) * n * k) AS person_nk, sum((1 - is_claim) * k * k) AS person_kk
    FROM clusters
    GROUP BY provider
),
compared AS (
    SELECT c.provider, c.n, c.k, s.ns, s.ks,
        CASE WHEN s.ns > 1 THEN c.n * (s.ns - c.n) * s.ks * (s.ns - s.ks) / (s.ns * s.ns * (s.ns - 1)) ELSE 0 END AS v
    FROM counted c
    JOIN strata s ON s.stratum = c.stratum
),
summed AS (
    SELECT
        provider, sum(n) AS lines, sum(k) AS observed, sum(n * ks / ns) AS expected, sum(v) AS variance,
        sum(CASE WHEN ns > 2 THEN v * (ns - 2 * ks) * (ns - 2 * n) / (ns * (ns - 2)) ELSE 0 END) AS third,
        sum(CASE WHEN ns > 3
            THEN v * (ns * (ns + 1) - 6 * ks * (ns - ks) - 6 * n * (ns - n) + 6 * v * (5 * ns - 6)) / ((ns - 2) * (ns - 3))
            ELSE v * (1 - 6 * v) END) AS fourth,
        sum(ns - n) AS comparison_lines
    FROM compared
    GROUP BY provider
)
SELECT s.*, p.persons, c.claims, c.claim_nn, c.claim_nk, c.claim_kk, c.clustered_persons, c.person_nn, c.person_nk, c.person_kk
FROM summed s
JOIN clustered c ON c.provider = s.provider
JOIN people p ON p.provider = s.provider
ORDER BY s.provider
