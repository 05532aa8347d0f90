-- One row per ExplanationOfBenefit, Claim or ClaimResponse of a batch: what it says of the claim as a whole.
WITH codes AS (
    SELECT r, unnest(list_concat(
        coalesce(list_transform(b.type.coding, lambda c: struct_pack(key := lower(c.code), prefix := fhir_last(c.system))), []),
        coalesce(list_transform(b.subType.coding, lambda c: struct_pack(key := lower(c.code), prefix := fhir_last(c.system))), [])
    )) AS c
    FROM fhir_bodies
),
forms AS (
    SELECT r, arg_min(f.meaning, f.rank) AS form
    FROM codes
    JOIN fhir_codes f ON f.element = 'type' AND f.code IN (
        CASE WHEN c.prefix NOT IN ('nch_clm_type_cd', 'clm-type-cd', 'nch_near_line_rec_ident_cd') THEN c.key END,
        CASE c.prefix WHEN 'nch_clm_type_cd' THEN 'nch:' || c.key WHEN 'clm-type-cd' THEN 'clm_type:' || c.key END)
    GROUP BY r
),
insurances AS (
    SELECT r, json_transform(CASE json_type(b.insurance) WHEN 'ARRAY' THEN b.insurance
        WHEN 'OBJECT' THEN '[' || CAST(b.insurance AS VARCHAR) || ']' END, '[{insurance}]') AS listed
    FROM fhir_bodies
)
SELECT
    y.r, y.source, y.place, y.kind, coalesce(nullif(trim(b.id), ''), fhir_target(y.url)) AS id, lower(b.status) AS status, lower(b.use) AS use,
    lower(b.outcome) AS outcome, f.form, list_filter(b.meta.profile, lambda p: p ILIKE '%pharmacy%')[1] IS NOT NULL AS is_pharmacy_profile,
    list_filter(b.identifier, lambda i: i.system LIKE '%bluebutton.cms.gov%')[1] IS NOT NULL
        OR list_filter(b.type.coding, lambda c: c.system LIKE '%bluebutton.cms.gov%')[1] IS NOT NULL AS is_medicare,
    coalesce(
        list_filter(b.identifier, lambda i: i.system LIKE '%/clm_id' OR i.system LIKE '%/pde_id')[1].value,
        list_filter(b.identifier, lambda i: lower(i.type.coding[1].code) = 'uc' AND i.system NOT LIKE '%claim-group')[1].value,
        list_filter(b.identifier, lambda i: lower(i.type.coding[1].code) = 'uc' AND i.value IS NOT NULL)[1].value,
        list_filter(b.identifier, lambda i: i.value IS NOT NULL)[1].value) AS number,
    fhir_target(b.patient.reference) AS patient, coalesce(b.patient.identifier.value, b.patient.display) AS patient_number,
    fhir_date(b.billablePeriod.start) AS start, fhir_date(b.billablePeriod.end) AS finish, fhir_date(b.created) AS created,
    fhir_target(b.insurer.reference) AS insurer, coalesce(nullif(trim(b.insurer.display), ''), b.insurer.identifier.value) AS insurer_name,
    coalesce(list_filter(n.listed, lambda x: x.focal = 'true')[1], n.listed[1]).coverage.display AS coverage_name,
    fhir_target(b.provider.reference) AS provider, fhir_npi(b.provider.identifier) AS provider_npi,
    fhir_target(b.organization.reference) AS organization, fhir_npi(b.organization.identifier) AS organization_npi,
    fhir_target(b.facility.reference) AS facility, fhir_npi(b.facility.identifier) AS facility_npi,
    fhir_target(b.claim.reference) AS about, fhir_target(b.claimResponse.reference) AS response,
    coalesce(fhir_target(b.request.reference), b.request.identifier.value) AS request,
    list_filter(b.related, lambda x: lower(coalesce(x.relationship.coding[1].code, 'prior')) IN ('prior', 'replaces', 'priorclaim'))[1]
        AS replaced,
    fhir_date(b.payment.date) AS paid_date, fhir_money(b.payment.amount.value) AS payment,
    list_filter([b.billablePeriod.start, b.billablePeriod.end, b.payment.date], lambda x: x IS NOT NULL AND fhir_date(x) IS NULL)[1]
        AS no_date,
    coalesce(len(b.item), 0) AS items, coalesce(len(b.addItem), 0) AS added, y.updated, y.content
FROM fhir_bodies y
LEFT JOIN forms f ON f.r = y.r
LEFT JOIN insurances n ON n.r = y.r
