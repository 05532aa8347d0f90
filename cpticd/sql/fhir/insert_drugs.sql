WITH ingredients AS (
    SELECT r, n, CASE WHEN count(DISTINCT ndc) = 1 THEN min(ndc) END AS ndc FROM fhir_services WHERE d > 0 AND ndc IS NOT NULL
    GROUP BY r, n
),
fills AS (
    SELECT s.*, count(*) OVER (PARTITION BY s.r) AS items FROM fhir_services s WHERE s.d = 0
),
prescribers AS (
    SELECT t.r, arg_min(coalesce(t.npi, p.npi), (CASE t.role WHEN 'prescribing' THEN 0 ELSE t.rank END, t.sequence)) AS npi
    FROM fhir_team t
    LEFT JOIN fhir_known_parties p ON p.id = fhir_target(t.reference)
        AND p.r IS NOT DISTINCT FROM CASE WHEN t.reference LIKE '#%' THEN t.r END
    GROUP BY t.r
)
SELECT
    h.claim_id || CASE WHEN coalesce(s.items, 1) > 1 THEN '-' || s.n ELSE '' END AS fill_id, h.person_id,
    coalesce(s.start, h.start) AS fill_date, fhir_drug(coalesce(s.ndc, g.ndc)) AS ndc_code, s.quantity AS dispensed_quantity,
    CAST(TRY_CAST(coalesce(s.days, h.days) AS DOUBLE) AS INTEGER) AS days_supply, fhir_ten(p.npi) AS prescribing_npi,
    fhir_ten(coalesce(h.billing_npi, h.place_npi)) AS dispensing_npi, fhir_payer(h.insurer_given, h.is_medicare) AS payer,
    h.paid_date, coalesce(a.charge, s.net, CASE WHEN coalesce(s.items, 1) = 1 THEN h.charge END) AS charge_amount,
    coalesce(a.patient_paid, a.liability, CASE WHEN coalesce(s.items, 1) = 1 THEN coalesce(h.patient_paid, h.liability) END)
        AS patient_responsibility_amount,
    n.name AS data_source, h.source AS _source
FROM fhir_headers h
JOIN fhir_sources n ON n.source = h.source
LEFT JOIN fills s ON s.r = h.r
LEFT JOIN ingredients g ON g.r = s.r AND g.n = s.n
LEFT JOIN fhir_sums a ON a.r = s.r AND a.n = s.n AND a.d = 0 AND a.s = 0
LEFT JOIN prescribers p ON p.r = h.r
WHERE h.claim_form = 'pharmacy' AND h.person_id IS NOT NULL
