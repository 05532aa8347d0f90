-- One row per group: lines with an unspecified code that has a specific sibling, what of their dollars is denied, and
-- what would be if their rates were those of the specific codes of the same category, payer and procedure. A rate of
-- few lines leans on the payer's rate for the procedure with the weight of {prior} lines, and that on the payer's.
WITH procedures AS (
    SELECT payer, hcpcs_code, CAST(count(*) AS DOUBLE) AS n,
        CAST(count(CASE WHEN initial_outcome = 'denied' THEN 1 END) AS DOUBLE) AS d
    FROM standing_lines
    WHERE initial_outcome IN ('paid', 'partly denied', 'denied', 'nothing paid') AND hcpcs_code IS NOT NULL
    GROUP BY payer, hcpcs_code
),
payers AS (SELECT payer, sum(d) / sum(n) AS rate FROM procedures GROUP BY payer),
priced AS (
    SELECT payer, hcpcs_code, sum(CAST(allowed_amount AS DOUBLE)) AS allowed, sum(CAST(charge_amount AS DOUBLE)) AS charged
    FROM line_outcomes
    WHERE final_outcome = 'paid' AND allowed_amount > 0 AND charge_amount > 0
    GROUP BY payer, hcpcs_code
),
prices AS (SELECT payer, sum(allowed) / sum(charged) AS price FROM priced GROUP BY payer),
strata AS (
    SELECT {keys}, CAST(sum(exposed) AS DOUBLE) AS n1, CAST(sum(exposed * denied) AS DOUBLE) AS d1,
        CAST(sum(CASE WHEN exposed = 0 THEN 1 ELSE 0 END) AS DOUBLE) AS n0,
        CAST(sum(CASE WHEN exposed = 0 THEN denied ELSE 0 END) AS DOUBLE) AS d0
    FROM exposed_lines
    WHERE exposed + compared > 0
    GROUP BY {keys}
    HAVING sum(exposed) > 0
),
rated AS (
    SELECT {rated}, s.n0,
        (s.d0 + {prior} * (p.d - s.d1 + {prior} * y.rate) / (p.n - s.n1 + {prior})) / (s.n0 + {prior}) AS rate,
        coalesce(x.allowed / x.charged, z.price) AS price
    FROM strata s
    JOIN procedures p ON p.payer = s.by_payer AND p.hcpcs_code = s.by_hcpcs_code
    JOIN payers y ON y.payer = s.by_payer
    LEFT JOIN priced x ON x.payer = s.by_payer AND x.hcpcs_code = s.by_hcpcs_code
    LEFT JOIN prices z ON z.payer = s.by_payer
),
used AS MATERIALIZED (
    SELECT l.by_{family} AS grp, {keyed}, l.claim_id, l.cluster, l.person_id, l.provider, l.denied, r.rate, r.n0,
        l.exposed_share * l.charge_amount AS charge, r.price,
        l.exposed_share * l.denied_amount AS denied_amount
    FROM exposed_lines l
    JOIN rated r ON {same}
    WHERE l.exposed = 1
),
per_cluster AS (
    SELECT grp, cluster, sum((denied - rate) * charge) AS e, sum((denied - rate) * charge * price) AS ea
    FROM used GROUP BY grp, cluster
),
spread AS (
    SELECT grp, sum(e * e) AS vv, sum(ea * ea) AS va, sum(e) AS excess, sum(ea) AS excess_allowed
    FROM per_cluster GROUP BY grp
),
per_stratum AS (
    SELECT grp, sum(charge) AS w, sum(charge * price) AS wa, max(rate) AS rate, max(n0) AS n0
    FROM used GROUP BY grp, {keys}
),
compared AS (
    SELECT grp, sum(w * w * rate * (1 - rate) / (n0 + {prior})) AS vv, sum(wa * wa * rate * (1 - rate) / (n0 + {prior})) AS va
    FROM per_stratum GROUP BY grp
)
SELECT u.grp, count(*) AS unspecified_lines, CAST(sum(u.denied) AS BIGINT) AS denied_lines,
    count(CASE WHEN u.n0 > 0 THEN 1 END) AS compared_lines, sum(u.rate) AS expected_denials,
    count(DISTINCT u.person_id) AS denial_persons, count(DISTINCT u.provider) AS providers,
    CAST(sum(CAST(u.charge AS DECIMAL(18,8))) AS DOUBLE) AS charge_amount,
    CAST(sum(CAST(u.denied_amount AS DECIMAL(18,8))) AS DOUBLE) AS denied_amount, sum(u.denied_amount * u.price) AS denied_allowed_amount,
    max(s.excess) AS excess_amount, max(s.excess_allowed) AS excess_allowed_amount,
    max(s.vv) + max(c.vv) AS variance, max(s.va) + max(c.va) AS allowed_variance
FROM used u
JOIN spread s ON s.grp = u.grp
JOIN compared c ON c.grp = u.grp
GROUP BY u.grp
