SELECT
    h.claim_id, h.number AS source_claim_id, h.claim_form AS claim_type, h.person_id, fhir_payer(h.insurer_given, h.is_medicare) AS payer,
    CASE WHEN fhir_payer(h.insurer_given, h.is_medicare) IS NULL THEN h.insurer END AS payer_id,
    CASE WHEN fhir_payer(h.insurer_given, h.is_medicare) = 'Medicare' THEN 'medicare' END AS payer_kind,
    fhir_ten(h.billing_npi) AS billing_npi, fhir_ten(h.place_npi) AS facility_npi,
    CASE WHEN h.claim_form = 'professional' THEN p.place END AS place_of_service_code,
    CASE WHEN h.claim_form = 'institutional' THEN fhir_bill(h.bill_type, h.facility_type, h.service_class, h.frequency) END AS bill_type_code,
    CASE h.adjustment_type WHEN '1' THEN '8' WHEN '2' THEN '7' ELSE CASE WHEN h.frequency IS NOT NULL AND length(h.frequency) = 1
        THEN upper(h.frequency) WHEN h.replaced IS NOT NULL THEN '7' END END AS frequency_code,
    coalesce(h.original_number, h.replaced.reference.value, fhir_target(h.replaced.claim.reference), h.replaced.claim.identifier.value)
        AS original_payer_claim_id,
    CASE WHEN regexp_full_match(h.drg, '[0-9]{1,4}') THEN lpad(h.drg, 3, '0') END AS drg_code,
    CASE WHEN regexp_full_match(h.discharge, '[0-9]{1,2}') THEN lpad(h.discharge, 2, '0') END AS discharge_status_code,
    coalesce(h.start, d.start) AS claim_start_date, coalesce(h.finish, h.start, d.finish) AS claim_end_date,
    fhir_date(h.received) AS received_date, coalesce(h.charge, d.charge) AS charge_amount, n.name AS data_source, h.source AS _source
FROM fhir_headers h
JOIN fhir_sources n ON n.source = h.source
LEFT JOIN (SELECT r, min(start) AS start, max(finish) AS finish, sum(charge) AS charge FROM fhir_lines WHERE line IS NOT NULL GROUP BY r) d
    ON d.r = h.r
LEFT JOIN (SELECT r, min(fhir_place(place)) AS place FROM fhir_lines GROUP BY r HAVING count(DISTINCT place) = 1) p ON p.r = h.r
WHERE h.claim_form <> 'pharmacy'
