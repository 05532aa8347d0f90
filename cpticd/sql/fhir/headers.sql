-- One row per resource that becomes a claim or a drug, with what references and facts add to it.
WITH kept AS (
    SELECT c.* FROM fhir_claims c
    JOIN fhir_fates f ON f.r = c.r AND f.reason IS NULL
    ANTI JOIN fhir_answers a ON a.r = c.r
),
contents AS (
    SELECT r, count(*) FILTER (WHERE revenue IS NOT NULL) AS revenues, count(*) FILTER (WHERE hcpcs IS NOT NULL) AS procedures,
        count(*) FILTER (WHERE ndc IS NOT NULL) AS drugs
    FROM fhir_services WHERE d = 0 GROUP BY r
),
numbered AS (
    SELECT k.r, coalesce(k.id, k.number, k.kind || ' ' || coalesce(nullif(k.place, ''), '1')) AS base,
        row_number() OVER (PARTITION BY coalesce(k.id, k.number, k.kind || ' ' || coalesce(nullif(k.place, ''), '1'))
            ORDER BY k.kind DESC, k.patient, k.number, k.source, k.place) AS nth
    FROM kept k
),
groups AS (SELECT r, min(drg) AS drg FROM fhir_diagnoses WHERE drg IS NOT NULL GROUP BY r)
SELECT
    k.*, CASE WHEN m.nth = 1 THEN m.base ELSE m.base || '#' || m.nth END AS claim_id, m.base, m.nth,
    coalesce(replace(k.form, 'deleted ', ''), CASE
        WHEN k.is_pharmacy_profile OR (n.drugs > 0 AND n.procedures = 0 AND n.revenues = 0) THEN 'pharmacy'
        WHEN n.revenues > 0 OR s.bill_type IS NOT NULL THEN 'institutional' ELSE 'professional' END) AS claim_form,
    k.form IS NULL AS is_derived,
    coalesce(CASE WHEN k.patient LIKE '#%' THEN p.number ELSE k.patient END, k.patient_number) AS person_id,
    coalesce(CASE WHEN i.name IS NOT NULL THEN i.name END, k.insurer_name, s.payer_name) AS insurer_given,
    coalesce(k.provider_npi, v.npi, k.organization_npi, o.npi) AS billing_npi,
    coalesce(k.facility_npi, f.npi) AS place_npi,
    s.* EXCLUDE (r, drg), coalesce(s.drg, g.drg) AS drg,
    a.charge, a.allowed, a.paid, a.to_provider, a.to_patient, a.deductible, a.blood, a.coinsurance, a.copay, a.prior,
    a.noncovered, a.discount, a.liability, a.patient_paid
FROM kept k
JOIN numbered m ON m.r = k.r
LEFT JOIN contents n ON n.r = k.r
LEFT JOIN fhir_said s ON s.r = k.r
LEFT JOIN groups g ON g.r = k.r
LEFT JOIN fhir_sums a ON a.r = k.r AND a.n = 0
LEFT JOIN fhir_known_parties p ON p.id = k.patient AND p.r IS NOT DISTINCT FROM CASE WHEN k.patient LIKE '#%' THEN k.r END
LEFT JOIN fhir_known_parties i ON i.id = k.insurer AND i.r IS NOT DISTINCT FROM CASE WHEN k.insurer LIKE '#%' THEN k.r END
    AND i.kind = 'Organization'
LEFT JOIN fhir_known_parties v ON v.id = k.provider AND v.r IS NOT DISTINCT FROM CASE WHEN k.provider LIKE '#%' THEN k.r END
LEFT JOIN fhir_known_parties o ON o.id = k.organization AND o.r IS NOT DISTINCT FROM CASE WHEN k.organization LIKE '#%' THEN k.r END
LEFT JOIN fhir_known_parties f ON f.id = k.facility AND f.r IS NOT DISTINCT FROM CASE WHEN k.facility LIKE '#%' THEN k.r END
