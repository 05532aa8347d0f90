SELECT
    s.name AS data_source,
    CAST(row_number() OVER (PARTITION BY s.number ORDER BY t.key, t.place) AS INTEGER) AS adjustment_number,
    p.payment_id, t.payer, t.paid_date, t.provider_id, t.fiscal_period_date, t.adjustment_reason_code, t.reference_id,
    t.amount, s._source
FROM x12_provider_adjustments t
JOIN x12_sources s ON s.number = t.key >> 32
LEFT JOIN x12_payment_id p ON p.key = t.set_key
