-- One row per line and diagnosis that it points to, all by number.
SELECT l.claim_id, l.claim_line_number, l.procedure, d.number AS diagnosis, l.person, l.person_id IS NOT NULL AS known,
    t.is_primary, {share} AS share, l.service_date, l.month, l.charge_amount, l.denied_amount, l.initial_outcome,
    l.is_superseded, l.stratum
FROM stratified l
JOIN pointed t ON t.claim_id = l.claim_id AND t.claim_line_number = l.claim_line_number
JOIN diagnoses_used d ON d.code = t.diagnosis_code
WHERE {kept}
