-- One row per pair, payer and cause of initially denied lines.
WITH counted AS (
    SELECT
        procedure_id, diagnosis_id, payer_id, denial_category, denial_carc, count(*) AS n,
        count(CASE WHEN is_primary THEN 1 END) AS primary_n
    FROM bridge
    WHERE is_denied
    GROUP BY procedure_id, diagnosis_id, payer_id, denial_category, denial_carc
)
SELECT t.pair_id, t.payer_pair_id, c.denial_category, c.denial_carc, c.n, c.primary_n
FROM counted c
JOIN payer_pair_totals t
    ON t.procedure_id = c.procedure_id AND t.diagnosis_id = c.diagnosis_id AND t.payer_id = c.payer_id
ORDER BY t.payer_pair_id
