-- One row per payer, procedure and quarter: how often the payer denies services of other procedures in the quarter, which
-- is what a cluster's own should move with. A payer that denies everything, or nothing, still has odds: its rate is
-- kept from 0 and 1.
WITH quarters AS (
    SELECT payer, hcpcs_code, quarter, CAST(count(*) AS DOUBLE) AS n, CAST(sum(unexplained) AS DOUBLE) AS d
    FROM residual_services GROUP BY payer, hcpcs_code, quarter
),
by_payer AS (SELECT payer, quarter, sum(n) AS n, sum(d) AS d FROM quarters GROUP BY payer, quarter),
overall AS (SELECT payer, sum(d) / sum(n) AS rate FROM quarters GROUP BY payer)
SELECT q.payer, q.hcpcs_code, q.quarter,
    (p.d - q.d + {prior} * (o.rate + 0.001) / 1.002) / (p.n - q.n + {prior}) AS rate
FROM quarters q
JOIN by_payer p ON p.payer = q.payer AND p.quarter = q.quarter
JOIN overall o ON o.payer = q.payer
