-- One row per pair, payer and person: what the totals of pairs are added up from, persons counted once.
-- whose: the person, or one that is only known to be the claim's, as a number below 0.
SELECT
    procedure_id, diagnosis_id, payer_id, whose,
    min(diagnosis_code) AS diagnosis_code,
    count(*) AS lines,
    count(CASE WHEN is_denied THEN 1 END) AS denied_lines,
    CAST(sum(denied_amount) AS DECIMAL(18,8)) AS denied_amount,
    sum(share) AS share,
    sum(residual) AS residual,
    sum(CASE WHEN is_primary THEN residual ELSE 0 END) AS primary_residual,
    count(CASE WHEN is_primary THEN 1 END) AS primary_lines,
    count(CASE WHEN is_primary AND is_denied THEN 1 END) AS primary_denied_lines,
    CAST(sum(CASE WHEN is_primary THEN denied_amount ELSE 0 END) AS DECIMAL(18,8)) AS primary_denied_amount
FROM bridge
GROUP BY procedure_id, diagnosis_id, payer_id, whose
