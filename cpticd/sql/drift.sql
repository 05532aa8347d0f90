-- One row per pair with enough lines and month in which anything of it could be: its lines, what the months' mix of
-- strata lets expect if nothing changes, and the lines that it is a share of.
WITH enough AS MATERIALIZED (
    SELECT hcpcs_code, diagnosis_code, count(*) AS lines
    FROM {pairs}
    GROUP BY hcpcs_code, diagnosis_code
    HAVING count(*) >= $min_lines
),
billed AS (SELECT hcpcs_code, stratum, month, CAST(count(*) AS DOUBLE) AS n FROM {lines} GROUP BY hcpcs_code, stratum, month),
cells AS (
    SELECT p.hcpcs_code, p.diagnosis_code, p.stratum, p.month, CAST(count(*) AS DOUBLE) AS k
    FROM {pairs} p
    JOIN enough e ON e.hcpcs_code = p.hcpcs_code AND e.diagnosis_code = p.diagnosis_code
    GROUP BY p.hcpcs_code, p.diagnosis_code, p.stratum, p.month
),
exposed AS ({exposed}),
counted AS (
    SELECT hcpcs_code, diagnosis_code, month, sum(k) AS k FROM cells GROUP BY hcpcs_code, diagnosis_code, month
),
base AS (SELECT hcpcs_code, month, sum(n) AS n FROM billed GROUP BY hcpcs_code, month)
SELECT x.hcpcs_code, x.diagnosis_code, x.month, coalesce(c.k, 0) AS lines, x.expected, coalesce(b.n, 0) AS procedure_lines
FROM exposed x
LEFT JOIN counted c
    ON c.hcpcs_code = x.hcpcs_code AND c.diagnosis_code = x.diagnosis_code AND c.month = x.month
LEFT JOIN base b ON b.hcpcs_code = x.hcpcs_code AND b.month = x.month
ORDER BY x.hcpcs_code, x.diagnosis_code, x.month
