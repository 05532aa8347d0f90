-- Provider adjustments bear no payer id: they go with their payment, else by their name alone.
UPDATE provider_adjustments SET payer = m.name
FROM (
    SELECT a.rowid AS place, coalesce(p.payer, n.name) AS name
    FROM provider_adjustments a
    LEFT JOIN payments p ON p.payment_id = a.payment_id
    LEFT JOIN (
        SELECT payer, min(name) AS name FROM payer_named GROUP BY payer HAVING count(DISTINCT name) = 1
    ) n ON n.payer = a.payer
) m
WHERE provider_adjustments.rowid = m.place AND m.name <> coalesce(provider_adjustments.payer, '')
