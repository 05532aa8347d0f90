-- One row per month for which extensions of a Patient or Coverage say something of a Medicare beneficiary.
WITH every AS (
    SELECT r, source, {person} AS person, updated,
        TRY_CAST(left(fhir_value(list_filter(b.extension, lambda x: fhir_last(x.url) = 'rfrnc_yr')[1]), 4) AS INTEGER) AS year,
        unnest(b.extension) AS e
    FROM fhir_bodies
),
named AS (
    SELECT r, source, person, updated, year, fhir_last(e.url) AS url, fhir_value(e) AS code FROM every WHERE year BETWEEN 1965 AND 2200
)
SELECT r, source, person, updated, year, CAST(regexp_extract(url, '([0-9]{2})$', 1) AS INTEGER) AS month,
    CASE WHEN url LIKE 'dual%' THEN 'dual' WHEN url LIKE 'buyin%' THEN 'buy-in' WHEN url LIKE 'hmo%' THEN 'plan'
         WHEN url LIKE 'ptc%' THEN 'part c' WHEN url LIKE 'ptd%' THEN 'part d' ELSE 'subsidy' END AS what,
    upper(trim(code)) AS code
FROM named
WHERE regexp_full_match(url, '(dual_|buyin|hmo_?ind_?|ptc_cntrct_id_|ptdcntrct|cstshr)(0[1-9]|1[0-2])') AND code IS NOT NULL
