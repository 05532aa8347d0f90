-- What there is to say of payers' names: those that were made one, those that look like one, aliases that name nobody.
WITH names AS (SELECT id, payer, name, sum(n) AS n FROM payer_named GROUP BY id, payer, name),
final AS (SELECT name, payer_key(name) AS key, sum(n) AS n FROM names WHERE name IS NOT NULL GROUP BY name)
SELECT
    'one payer id under several names: they are one payer' AS reason,
    'payer id ' || id || ' is ' || min(name) || ': ' || string_agg(payer || ' (' || n || ')', ', ' ORDER BY n DESC, payer)
        AS content
FROM names WHERE id IS NOT NULL AND payer IS NOT NULL AND payer <> id
GROUP BY id HAVING count(*) > 1
UNION ALL
SELECT
    'names that are likely one payer, and were kept apart; payers= makes them one',
    string_agg(name || ' (' || n || ')', ', ' ORDER BY n DESC, name)
FROM final WHERE key IS NOT NULL GROUP BY key HAVING count(*) > 1
UNION ALL
SELECT 'an alias of payers= that no payer of the data has', string_agg(alias, ', ' ORDER BY alias)
FROM payer_alias
WHERE alias NOT IN (SELECT lower(trim(payer)) FROM payer_named WHERE payer IS NOT NULL)
    AND alias NOT IN (SELECT lower(trim(payer_id)) FROM payer_named WHERE payer_id IS NOT NULL)
HAVING count(*) > 0
ORDER BY reason, content
