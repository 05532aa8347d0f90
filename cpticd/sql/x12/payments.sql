SELECT
    i.payment_id, p.payer, p.payer_id, p.trace_number, p.method_code, p.paid_date, p.amount,
    b.amount AS imbalance_amount, s.name AS data_source, s._source
FROM x12_payments p
JOIN x12_payment_id i ON i.key = p.key
JOIN x12_sources s ON s.number = p.key >> 32
LEFT JOIN x12_payment_balance b ON b.key = p.key
