SELECT
    i.claim_id, c.source_claim_id, c.claim_type, c.person_id, c.payer, c.payer_id, c.payer_kind, c.payer_sequence,
    c.billing_npi, c.billing_taxonomy, c.facility_npi, c.place_of_service_code, c.bill_type_code, c.frequency_code,
    c.original_payer_claim_id, c.drg_code, c.discharge_status_code, c.is_encounter, c.is_chart_review,
    c.deletes_diagnoses,
    d.first_day AS claim_start_date, d.last_day AS claim_end_date,
    coalesce(v.received_date, c.sent_date) AS received_date, c.charge_amount, s.name AS data_source, s._source
FROM x12_claims c
JOIN x12_id i ON i.key = c.key
JOIN x12_claim_days d ON d.key = c.key
JOIN x12_sources s ON s.number = c.key >> 32
LEFT JOIN (
    SELECT l.claim, arg_min(r.received_date, l.number) AS received_date
    FROM x12_link l JOIN x12_remits r ON r.key = l.remit WHERE r.received_date IS NOT NULL GROUP BY l.claim
) v ON v.claim = c.key
