-- One row per pair, group and stratum: its lines n and denied lines d, and those of the stratum.
-- prior is what the payer does with the procedure's other lines, leaning on his rate for everything with 10 lines' weight.
WITH counted AS MATERIALIZED (
    SELECT h, d, {group} AS group_id, stratum_id, procedure_id, payer_id, count(*) AS n,
        count(CASE WHEN is_denied THEN 1 END) AS denied, count(CASE WHEN is_primary THEN 1 END) AS primary_n,
        count(CASE WHEN is_primary AND is_denied THEN 1 END) AS primary_denied
    FROM {bridge}
    GROUP BY h, d, {group}, stratum_id, procedure_id, payer_id
),
own AS (
    SELECT h, d, group_id, procedure_id, payer_id, sum(n) AS n, sum(denied) AS denied, sum(primary_n) AS primary_n,
        sum(primary_denied) AS primary_denied
    FROM counted
    GROUP BY h, d, group_id, procedure_id, payer_id
),
procedures AS (
    SELECT procedure_id, payer_id, sum(lines) AS n, sum(denied_lines) AS denied FROM {strata} GROUP BY procedure_id, payer_id
),
payers AS (
    SELECT payer_id, CAST(sum(denied_lines) AS DOUBLE) / sum(lines) AS rate FROM {strata} GROUP BY payer_id
)
SELECT {ids}, CAST(c.n AS INTEGER) AS n, CAST(c.denied AS INTEGER) AS d, CAST(c.primary_n AS INTEGER) AS primary_n,
    CAST(c.primary_denied AS INTEGER) AS primary_d, CAST(s.lines AS INTEGER) AS stratum_n,
    CAST(s.denied_lines AS INTEGER) AS stratum_d,
    (p.denied - o.denied + 10 * r.rate) / (p.n - o.n + 10) AS prior,
    (p.denied - o.primary_denied + 10 * r.rate) / (p.n - o.primary_n + 10) AS primary_prior
FROM counted c
{totals}
JOIN {strata} s ON s.stratum_id = c.stratum_id
JOIN own o ON o.h = c.h AND o.d = c.d AND o.group_id = c.group_id AND o.procedure_id = c.procedure_id
    AND o.payer_id = c.payer_id
JOIN procedures p ON p.procedure_id = c.procedure_id AND p.payer_id = c.payer_id
JOIN payers r ON r.payer_id = c.payer_id
