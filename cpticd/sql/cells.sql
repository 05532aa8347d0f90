-- One row per pair, payer, place and quarter: its lines n and denied lines d, and those of its stratum.
WITH counted AS (
    SELECT
        hcpcs_code, diagnosis_code, payer, place, quarter,
        count(*) AS n,
        sum(CASE WHEN is_denied THEN 1 ELSE 0 END) AS d,
        sum(CASE WHEN is_primary THEN 1 ELSE 0 END) AS primary_n,
        sum(CASE WHEN is_primary AND is_denied THEN 1 ELSE 0 END) AS primary_d
    FROM bridge
    GROUP BY hcpcs_code, diagnosis_code, payer, place, quarter
)
SELECT
    t.pair_id, t.payer_pair_id, CAST(c.n AS INTEGER) AS n, CAST(c.d AS INTEGER) AS d,
    CAST(c.primary_n AS INTEGER) AS primary_n, CAST(c.primary_d AS INTEGER) AS primary_d,
    CAST(s.lines AS INTEGER) AS stratum_n, CAST(s.denied_lines AS INTEGER) AS stratum_d
FROM counted c
JOIN payer_pair_totals t
    ON t.hcpcs_code = c.hcpcs_code AND t.diagnosis_code = c.diagnosis_code AND t.payer = c.payer
JOIN strata s
    ON s.hcpcs_code = c.hcpcs_code AND s.payer = c.payer AND s.place = c.place AND s.quarter = c.quarter
ORDER BY t.payer_pair_id
