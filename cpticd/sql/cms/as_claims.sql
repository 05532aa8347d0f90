-- One row per claim as submitted.
SELECT
    c.claim_id, CASE WHEN c.nth > 1 THEN c.shown END AS source_claim_id, c.claim_type, c.person AS person_id,
    'Medicare' AS payer, 'medicare' AS payer_kind, c.billing_npi, c.facility_npi,
    CASE WHEN c.claim_type = 'institutional' THEN c.facility_type || c.classification || coalesce(c.frequency, '') END
        AS bill_type_code,
    coalesce(c.frequency, CASE WHEN c.action = 'adjustment' THEN '7' END) AS frequency_code,
    CASE WHEN c.plan_paid = '1' THEN true END AS is_encounter,
    coalesce(f.earlier_claim_id, CASE WHEN c.frequency IN ('7', '8') THEN c.original_control END)
        AS original_payer_claim_id, c.drg AS drg_code, c.discharge AS discharge_status_code,
    c.first AS claim_start_date, c.last AS claim_end_date, c.charged AS charge_amount, s.name AS data_source,
    c.src AS _source
FROM cms_claims c
JOIN cms_sources s ON s.src = c.src
LEFT JOIN cms_families f ON f.claim_id = c.claim_id AND f.action = 'adjustment'
WHERE c.state = 'claim'
