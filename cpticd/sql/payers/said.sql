-- One row per name of a payer with his id, as the tables have them: how often, and the first source that has it.
SELECT payer, payer_id, count(*) AS n, min(_source) AS _source
FROM (
    SELECT payer, payer_id, _source FROM claims UNION ALL SELECT payer, payer_id, _source FROM adjudications
    UNION ALL SELECT payer, payer_id, _source FROM payments
)
WHERE payer IS NOT NULL OR payer_id IS NOT NULL
GROUP BY payer, payer_id
