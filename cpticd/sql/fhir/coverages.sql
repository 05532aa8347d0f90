-- One row per Coverage of a batch: whose, which part of Medicare, from when to when, and what it says of the person.
WITH plans AS (
    SELECT *, upper(concat_ws(' ', b.grouping.subPlan, list_filter(b.class, lambda c: lower(c.type.coding[1].code) IN ('plan', 'subplan')
        AND regexp_matches(upper(c.value), '^PART [ABCD]$|DUAL'))[1].value)) AS plan
    FROM fhir_bodies
)
SELECT
    r, source, place, fhir_target(b.beneficiary.reference) AS person, updated, lower(b.status) AS status,
    CASE WHEN plan LIKE '%PART A%' THEN 'A' WHEN plan LIKE '%PART B%' THEN 'B' WHEN plan LIKE '%PART C%' THEN 'C'
         WHEN plan LIKE '%PART D%' THEN 'D' WHEN plan LIKE '%DUAL%' THEN 'dual' ELSE 'other' END AS part,
    fhir_date(b.period.start) AS start, fhir_date(b.period.end) AS finish,
    len(list_filter(b.extension, lambda x: fhir_last(x.url) = 'rfrnc_yr')) > 0 AS is_yearly,
    TRY_CAST(left(fhir_value(list_filter(b.extension, lambda x: fhir_last(x.url) = 'rfrnc_yr')[1]), 4) AS INTEGER) AS year,
    fhir_value(list_filter(b.extension, lambda x: fhir_last(x.url) = 'orec')[1]) AS reason,
    upper(fhir_value(list_filter(b.extension, lambda x: fhir_last(x.url) IN ('esrd_ind', 'bene-esrd-stus-id'))[1])) AS esrd,
    fhir_value(list_filter(b.extension, lambda x: fhir_last(x.url) IN ('ms_cd', 'bene-mdcr-stus-cd'))[1]) AS medicare_status,
    upper(fhir_value(list_filter(b.extension, lambda x: fhir_last(x.url) = 'bene-dual-stus-cd')[1])) AS dual,
    upper(fhir_value(list_filter(b.extension, lambda x: fhir_last(x.url) = 'bene-lis-efctv-cd')[1])) AS subsidy
FROM plans
