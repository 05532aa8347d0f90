-- Claims that only a remittance tells of.
SELECT
    i.claim_id, r.source_claim_id, r.person_id, r.payer, r.payer_id, r.payer_kind, r.payer_sequence, r.billing_npi,
    r.frequency_code, d.day AS claim_start_date, coalesce(r.end_date, e.last_day, d.day) AS claim_end_date, r.received_date,
    r.charge_amount, s.name AS data_source, s._source
FROM x12_origin o
JOIN x12_id i ON i.key = o.claim
JOIN x12_remits r ON r.key = o.remit
JOIN x12_remit_days d ON d.key = r.key
JOIN x12_sources s ON s.number = r.key >> 32
LEFT JOIN (SELECT key, max(coalesce(end_date, start_date)) AS last_day FROM x12_services GROUP BY key) e ON e.key = r.key
