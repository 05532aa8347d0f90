-- One row per diagnosis that has an ICD code: its position. The principal one is the first, others follow their sequence.
SELECT x.*, CAST(row_number() OVER (PARTITION BY x.r ORDER BY coalesce(x.kind = 'principal', false) DESC, x.sequence NULLS LAST, x.n)
    AS INTEGER) AS position
FROM fhir_diagnoses x
JOIN fhir_headers h ON h.r = x.r AND h.claim_form <> 'pharmacy'
WHERE x.code IS NOT NULL
