-- A decision that was taken back (status cancelled) has a second row that repeats it with the other sign.
SELECT
    h.claim_id, t.adjudication_number, fhir_payer(h.insurer_given, h.is_medicare) AS payer,
    CASE WHEN fhir_payer(h.insurer_given, h.is_medicare) IS NULL THEN h.insurer END AS payer_id,
    CASE WHEN fhir_payer(h.insurer_given, h.is_medicare) = 'Medicare' THEN 'medicare' END AS payer_kind,
    o.day AS paid_date, CASE WHEN t.turn = 2 THEN '22' ELSE o.status_code END AS claim_status_code,
    CASE WHEN t.turn = 2 OR o.adjustment_type = '1' THEN true END AS is_reversal,
    t.sign * o.charge AS charge_amount, t.sign * o.paid AS paid_amount, t.sign * o.share AS patient_responsibility_amount,
    coalesce(o.control_number, o.own_number) AS payer_claim_id, n.name AS data_source, c.source AS _source
FROM fhir_outcomes o
JOIN fhir_headers h ON h.r = o.claim_r
JOIN fhir_claims c ON c.r = o.r
JOIN fhir_sources n ON n.source = c.source
JOIN fhir_turns t ON t.r = o.r
