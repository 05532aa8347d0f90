SELECT
    i.claim_id, r.number AS adjudication_number, r.payer, r.payer_id, r.payer_sequence, r.paid_date, true AS is_reported,
    c.charge_amount, r.claim_paid AS paid_amount, s.name AS data_source, s._source
FROM x12_report r
JOIN x12_claims c ON c.key = r.key
JOIN x12_id i ON i.key = r.key
JOIN x12_sources s ON s.number = r.key >> 32
WHERE r.is_first
