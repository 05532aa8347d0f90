-- One row per ICD procedure of a batch of bodies.
WITH every AS (
    SELECT r, unnest(b.procedure) AS x, generate_subscripts(b.procedure, 1) AS n FROM fhir_bodies
)
SELECT
    r, n, TRY_CAST(x.sequence AS INTEGER) AS sequence,
    coalesce(fhir_icd_10_pcs(x.procedureCodeableConcept), fhir_icd_9_pcs(x.procedureCodeableConcept)) AS code,
    CASE WHEN fhir_icd_10_pcs(x.procedureCodeableConcept) IS NOT NULL THEN 'icd-10-pcs' ELSE 'icd-9-pcs' END AS code_type,
    x.procedureCodeableConcept.coding[1] AS foreign_code, fhir_date(x.date) AS day
FROM every
