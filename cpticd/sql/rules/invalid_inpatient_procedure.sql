-- One row per ICD-10-PCS code of a stay that was none on the day of discharge.
WITH held AS (
    SELECT code, min(effective_from) AS first_day, max(coalesce(effective_to, DATE '9999-12-31')) AS last_day
    FROM table_icd10pcs
    GROUP BY code
)
SELECT o.claim_id, CAST(NULL AS INTEGER) AS claim_line_number, o.procedure_code AS codes,
    CASE WHEN h.code IS NULL THEN concat(o.procedure_code, ' is in no release of ICD-10-PCS')
         WHEN c.service_date > h.last_day
         THEN concat(o.procedure_code, ' was retired: its last day was ', CAST(h.last_day AS VARCHAR))
         ELSE concat(o.procedure_code, ' was not yet in effect at discharge') END AS message,
    concat('discharge ', CAST(c.service_date AS VARCHAR), '; first day of the code ',
        coalesce(CAST(h.first_day AS VARCHAR), 'none')) AS evidence,
    'icd10pcs FY2016 to FY2027' AS release,
    CASE WHEN c.service_date > h.last_day THEN h.last_day + 1 ELSE h.first_day END AS effective_date
FROM procedures o
JOIN rule_claims c ON c.claim_id = o.claim_id
LEFT JOIN table_icd10pcs p ON p.code = o.procedure_code AND c.service_date >= p.effective_from
    AND c.service_date <= coalesce(p.effective_to, DATE '9999-12-31')
LEFT JOIN held h ON h.code = o.procedure_code
WHERE coalesce(o.procedure_code_type, 'icd-10-pcs') = 'icd-10-pcs' AND p.code IS NULL
    AND c.service_date >= DATE '2015-10-01'
