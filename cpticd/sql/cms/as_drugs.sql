-- One row per Part D event that is kept as a claim (extracts of the IDR).
SELECT
    c.claim_id || CASE WHEN count(*) OVER (PARTITION BY c.claim_id) > 1 THEN '/' || l.line_number ELSE '' END AS fill_id,
    c.person AS person_id, coalesce(l.line_start, c.first) AS fill_date, l.ndc AS ndc_code,
    coalesce(l.ndc_quantity, l.units) AS dispensed_quantity, c.prescriber AS prescribing_npi,
    c.pharmacy AS dispensing_npi, 'Medicare' AS payer, c.processed AS paid_date,
    coalesce(l.line_charge, c.charge) AS charge_amount, s.name AS data_source, c.src AS _source
FROM cms_claims c
JOIN cms_sources s ON s.src = c.src
LEFT JOIN cms_others l ON l.number = c.number AND l.pk = c.pk
WHERE c.state = 'drug' AND c.person IS NOT NULL
