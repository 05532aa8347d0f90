-- One row per event that stands.
SELECT
    d.fill_id, d.person AS person_id, d.fill_date, d.ndc AS ndc_code, d.quantity AS dispensed_quantity,
    d.days AS days_supply, d.prescriber AS prescribing_npi, d.pharmacy AS dispensing_npi, 'Medicare' AS payer,
    d.paid_date, d.cost AS charge_amount, d.patient_paid AS patient_responsibility_amount, s.name AS data_source,
    d.src AS _source
FROM cms_drugs d
JOIN cms_sources s ON s.src = d.src
ANTI JOIN cms_left l ON l.src = d.src AND l.place = d.place
