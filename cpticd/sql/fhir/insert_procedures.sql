SELECT h.claim_id, CAST(row_number() OVER (PARTITION BY x.r ORDER BY x.sequence NULLS LAST, x.n) AS INTEGER) AS procedure_position,
    upper(replace(x.code, '.', '')) AS procedure_code, x.code_type AS procedure_code_type, x.day AS procedure_date, h.source AS _source
FROM fhir_procedures x JOIN fhir_headers h ON h.r = x.r AND h.claim_form <> 'pharmacy'
WHERE x.code IS NOT NULL
