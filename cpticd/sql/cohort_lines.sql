-- One row per service line, with all that a study may choose or divide it by.
-- Part B bills of inpatients (12X, 22X) are of the outpatient setting, as where rules are judged.
WITH superseded AS (SELECT DISTINCT claim_id FROM ({superseded}) s)
SELECT
    o.claim_id,
    o.claim_line_number,
    CASE WHEN coalesce(c.claim_type, '') = 'institutional' OR (c.claim_type IS NULL AND c.bill_type_code IS NOT NULL)
         THEN 'institutional' ELSE 'professional' END AS claim_type,
    CASE WHEN coalesce(c.claim_type, '') <> 'institutional' AND (c.claim_type IS NOT NULL OR c.bill_type_code IS NULL)
              THEN 'practitioner'
         WHEN substr(c.bill_type_code, 1, 2) IN ('12', '22') THEN 'outpatient'
         ELSE coalesce(b.setting, '(unknown)') END AS setting,
    o.payer,
    o.place,
    o.person_id,
    o.hcpcs_code,
    coalesce(f.hcpcs_family, '(none)') AS hcpcs_family,
    o.service_date,
    coalesce(CAST(date_trunc('month', o.service_date) AS DATE), DATE '1900-01-01') AS month,
    coalesce(CAST(date_trunc('quarter', o.service_date) AS DATE), DATE '1900-01-01') AS quarter,
    coalesce(CAST(date_trunc('year', o.service_date) AS DATE), DATE '1900-01-01') AS year,
    coalesce(c.billing_npi, '(unknown)') AS billing_npi,
    coalesce(l.rendering_npi, c.billing_npi, '(unknown)') AS rendering_npi,
    CAST(coalesce(o.charge_amount, 0) AS DOUBLE) AS charge_amount,
    o.initial_outcome,
    CAST(coalesce(o.denied_amount, 0) AS DOUBLE) AS denied_amount,
    CAST(coalesce(o.paid_amount, 0) AS DOUBLE) AS paid_amount,
    u.claim_id IS NOT NULL OR coalesce(c.claim_frequency_code, substr(c.bill_type_code, 3, 1), '1') = '8'
        AS is_superseded
FROM line_outcomes o
LEFT JOIN claims c ON c.claim_id = o.claim_id
LEFT JOIN lines l ON l.claim_id = o.claim_id AND l.claim_line_number = o.claim_line_number
LEFT JOIN {bill_types} b ON b.prefix = substr(c.bill_type_code, 1, 2)
LEFT JOIN procedure_families f ON f.hcpcs_code = o.hcpcs_code
LEFT JOIN superseded u ON u.claim_id = o.claim_id
