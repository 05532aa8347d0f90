SELECT
    i.claim_id, l.number AS adjudication_number, r.payer, r.payer_id, r.payer_kind, r.payer_sequence, p.payment_id,
    r.paid_date, r.claim_status_code, r.frequency_code, r.charge_amount, r.paid_amount, r.patient_responsibility_amount,
    r.payer_claim_id, s.name AS data_source, s._source
FROM x12_remits r
JOIN x12_link l ON l.remit = r.key
JOIN x12_id i ON i.key = l.claim
JOIN x12_sources s ON s.number = r.key >> 32
LEFT JOIN x12_payment_id p ON p.key = r.set_key
