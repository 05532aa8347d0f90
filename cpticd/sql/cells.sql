-- One row per pair, payer, place and quarter: its lines n and denied lines d, and those of its stratum.
WITH counted AS (
    SELECT
        procedure_id, diagnosis_id, payer_id, stratum_id,
        count(*) AS n,
        count(CASE WHEN is_denied THEN 1 END) AS d,
        count(CASE WHEN is_primary THEN 1 END) AS primary_n,
        count(CASE WHEN is_primary AND is_denied THEN 1 END) AS primary_d
    FROM bridge
    GROUP BY procedure_id, diagnosis_id, payer_id, stratum_id
)
SELECT
    t.pair_id, t.payer_pair_id, CAST(c.n AS INTEGER) AS n, CAST(c.d AS INTEGER) AS d,
    CAST(c.primary_n AS INTEGER) AS primary_n, CAST(c.primary_d AS INTEGER) AS primary_d,
    CAST(s.lines AS INTEGER) AS stratum_n, CAST(s.denied_lines AS INTEGER) AS stratum_d, t.prior, t.primary_prior
FROM counted c
JOIN payer_pair_totals t
    ON t.procedure_id = c.procedure_id AND t.diagnosis_id = c.diagnosis_id AND t.payer_id = c.payer_id
JOIN strata s ON s.stratum_id = c.stratum_id
ORDER BY t.payer_pair_id
