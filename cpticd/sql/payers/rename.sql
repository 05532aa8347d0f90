UPDATE {table} SET payer = m.name
FROM payer_named m
WHERE m.name IS DISTINCT FROM m.payer AND coalesce({table}.payer, '') = coalesce(m.payer, '')
    AND coalesce({table}.payer_id, '') = coalesce(m.payer_id, '')
