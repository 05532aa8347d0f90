-- One row per name of a payer id that claims report of: how often it stands in the files.
SELECT payer_id, payer, count(*) AS n
FROM (
    SELECT payer_id, payer FROM x12_claims UNION ALL SELECT payer_id, payer FROM x12_remits
    UNION ALL SELECT payer_id, payer FROM x12_reported
)
WHERE payer_id IN (SELECT payer_id FROM x12_reported) AND payer <> payer_id GROUP BY ALL
