-- One row per pair, payer and cause of initially denied lines.
WITH counted AS (
    SELECT
        hcpcs_code, diagnosis_code, payer, denial_category, denial_carc, count(*) AS n,
        sum(CASE WHEN is_primary THEN 1 ELSE 0 END) AS primary_n
    FROM bridge
    WHERE is_denied
    GROUP BY hcpcs_code, diagnosis_code, payer, denial_category, denial_carc
)
SELECT t.pair_id, t.payer_pair_id, c.denial_category, c.denial_carc, c.n, c.primary_n
FROM counted c
JOIN payer_pair_totals t
    ON t.hcpcs_code = c.hcpcs_code AND t.diagnosis_code = c.diagnosis_code AND t.payer = c.payer
ORDER BY t.payer_pair_id
