-- One row per pair that occurs: its units, what independence within strata lets expect, the cumulants of that
-- hypergeometric count, and in how many strata both its codes occur.
-- In a stratum of n units, where p have the procedure and d the diagnosis, p x d / n have both by chance.
WITH procedures AS (SELECT stratum, hcpcs_code, CAST(count(*) AS DOUBLE) AS p FROM {units} GROUP BY stratum, hcpcs_code),
diagnoses_in AS (
    SELECT stratum, diagnosis_code, CAST(count(*) AS DOUBLE) AS d FROM {marks} GROUP BY stratum, diagnosis_code
),
totals AS (SELECT stratum, CAST(count(*) AS DOUBLE) AS n FROM {units} GROUP BY stratum),
observed AS (SELECT hcpcs_code, diagnosis_code, count(*) AS observed FROM {marks} GROUP BY hcpcs_code, diagnosis_code),
cells AS (
    SELECT o.hcpcs_code, o.diagnosis_code, o.observed, a.p, b.d, t.n,
        CASE WHEN t.n > 1 THEN a.p * (t.n - a.p) * b.d * (t.n - b.d) / (t.n * t.n * (t.n - 1)) ELSE 0 END AS v
    FROM observed o
    JOIN procedures a ON a.hcpcs_code = o.hcpcs_code
    JOIN diagnoses_in b ON b.diagnosis_code = o.diagnosis_code AND b.stratum = a.stratum
    JOIN totals t ON t.stratum = a.stratum
)
SELECT
    hcpcs_code, diagnosis_code, max(observed) AS observed, sum(p * d / n) AS expected, sum(v) AS variance,
    sum(CASE WHEN n > 2 THEN v * (n - 2 * d) * (n - 2 * p) / (n * (n - 2)) ELSE 0 END) AS third,
    sum(CASE WHEN n > 3
        THEN v * (n * (n + 1) - 6 * d * (n - d) - 6 * p * (n - p) + 6 * v * (5 * n - 6)) / ((n - 2) * (n - 3))
        ELSE v * (1 - 6 * v) END) AS fourth,
    count(*) AS strata
FROM cells
GROUP BY hcpcs_code, diagnosis_code
