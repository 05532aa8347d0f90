-- One row per rule and group: counts, dollars, and the sums over strata of n1 flagged lines, a denied, against n0 lines
-- alike, c denied: n = n1 + n0, m = a + c. rr, rs, rw, rv: ratio of rates; oo, os, pr, pq, qs: odds; mean … fourth:
-- cumulants of a given m, hypergeometric.
WITH flags AS MATERIALIZED (SELECT f.*, {inside} AS inside FROM score_flags f),
strata AS MATERIALIZED ({strata}),
sizes AS ({sizes}),
causes AS ({causes}),
flagged AS (
    SELECT {keys} scope, count(*) AS flagged_lines, sum(1 - inside) AS outside,
        count(DISTINCT claim_id) AS flagged_claims, sum(denied) AS denied_lines, sum(related) AS related_lines,
        sum(related * (1 - inside)) AS related_outside, sum(overturned) AS overturned_lines,
        sum(charge) AS flagged_amount, sum(taken) AS caught_amount, sum(paid) AS paid_amount,
        sum(related * taken) AS related_caught_amount
    FROM flags GROUP BY {keys} scope
),
of_claims AS MATERIALIZED (
    SELECT {keys} claim_id, min(person_id) AS person_id, CAST(count(*) AS DOUBLE) AS n, CAST(sum(denied) AS DOUBLE) AS d
    FROM flags GROUP BY {keys} claim_id
),
of_persons AS (  -- who is not known is one of the claim's own
    SELECT {keys} sum(n) AS n, sum(d) AS d
    FROM of_claims GROUP BY {keys} person_id, CASE WHEN person_id IS NULL THEN claim_id END
),
clusters AS (
    SELECT {keys} n, d, 1 AS is_claim FROM of_claims
    UNION ALL
    SELECT {keys} n, d, 0 AS is_claim FROM of_persons
),
clustered AS (
    SELECT {keys} sum(is_claim * n * n) AS claim_nn, sum(is_claim * n * d) AS claim_nd, sum(is_claim * d * d) AS claim_dd,
        sum(1 - is_claim) AS persons, sum((1 - is_claim) * n * n) AS person_nn,
        sum((1 - is_claim) * n * d) AS person_nd, sum((1 - is_claim) * d * d) AS person_dd
    FROM clusters GROUP BY {grouped}
),
totals AS (
    SELECT {totals_keys} sum(c.n) AS category_denials
    FROM causes c
    JOIN rule_scopes r ON r.scope = c.scope
    JOIN score_related m ON m.rule = r.rule AND m.cause = c.cause
    GROUP BY {totals_grouped}
),
known AS (SELECT DISTINCT rule, 1 AS is_known FROM score_related),
marked AS (
    SELECT {keys} scope, {like}, CAST(count(*) AS DOUBLE) AS n1, CAST(sum(denied) AS DOUBLE) AS a,
        CAST(sum(clean * inside) AS DOUBLE) AS own, CAST(sum(clean * inside * denied) AS DOUBLE) AS own_denied
    FROM flags GROUP BY {keys} scope, {like}
),
compared AS (
    SELECT {marked_keys} k.n1, k.a, t.n - k.own AS n0, t.d - k.own_denied AS c
    FROM marked k
    JOIN strata t ON {same_stratum}
),
sized AS (SELECT *, n1 + n0 AS n, a + c AS m FROM compared WHERE n0 > 0),
weighed AS (
    SELECT *, CASE WHEN n > 1 THEN n1 * n0 * m * (n - m) / (n * n * (n - 1)) ELSE 0 END AS v FROM sized
),
strata_sums AS (
    SELECT {keys} sum(n1) AS matched_lines, sum(n0) AS comparison_lines, sum(a) AS observed,
        sum(a * n0 / n) AS rr, sum(c * n1 / n) AS rs, sum(n1 * n0 / n) AS rw,
        sum((n1 * n0 * m - a * c * n) / (n * n)) AS rv,
        sum(a * (n0 - c) / n) AS oo, sum((n1 - a) * c / n) AS os,
        sum((a + n0 - c) / n * a * (n0 - c) / n) AS pr, sum((n1 - a + c) / n * (n1 - a) * c / n) AS qs,
        sum((a + n0 - c) / n * (n1 - a) * c / n + (n1 - a + c) / n * a * (n0 - c) / n) AS pq,
        sum(n1 * m / n) AS mean, sum(v) AS variance,
        sum(CASE WHEN n > 2 THEN v * (n - 2 * m) * (n - 2 * n1) / (n * (n - 2)) ELSE 0 END) AS third,
        sum(CASE WHEN n > 3
            THEN v * (n * (n + 1) - 6 * m * (n - m) - 6 * n1 * (n - n1) + 6 * v * (5 * n - 6)) / ((n - 2) * (n - 3))
            ELSE v * (1 - 6 * v) END) AS fourth
    FROM weighed
    GROUP BY {grouped}
)
SELECT {flagged_keys} coalesce(z.lines, 0) + g.outside AS lines, g.flagged_lines, g.flagged_claims, g.denied_lines,
    CASE WHEN u.is_known = 1 THEN g.related_lines END AS related_lines,
    CASE WHEN u.is_known = 1 THEN coalesce(t.category_denials, 0) + g.related_outside END AS category_denials,
    g.overturned_lines, g.flagged_amount, g.caught_amount, g.paid_amount,
    CASE WHEN u.is_known = 1 THEN g.related_caught_amount END AS related_caught_amount,
    w.claim_nn, w.claim_nd, w.claim_dd, w.persons, w.person_nn, w.person_nd, w.person_dd,
    x.matched_lines, x.comparison_lines, x.observed, x.rr, x.rs, x.rw, x.rv, x.oo, x.os, x.pr, x.pq, x.qs,
    x.mean, x.variance, x.third, x.fourth
FROM flagged g
JOIN clustered w ON {same_clustered}
LEFT JOIN sizes z ON {same_sizes}
LEFT JOIN totals t ON {same_totals}
LEFT JOIN known u ON u.rule = g.rule
LEFT JOIN strata_sums x ON {same_strata}
