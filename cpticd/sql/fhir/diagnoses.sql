-- One row per diagnosis of a batch of bodies; those that are a group (DRG) alone have no code.
WITH every AS (
    SELECT r, unnest(b.diagnosis) AS x, generate_subscripts(b.diagnosis, 1) AS n FROM fhir_bodies
),
kinds AS (
    SELECT r, n, arg_min(f.meaning, f.rank) AS kind
    FROM (
        SELECT r, n, unnest(flatten(list_transform(x.type, lambda t: coalesce(t.coding, [])))) AS c FROM every
    ) JOIN fhir_codes f ON f.element = 'diagnosis' AND f.code = lower(c.code)
    GROUP BY r, n
)
SELECT
    e.r, e.n, TRY_CAST(x.sequence AS INTEGER) AS sequence,
    coalesce(fhir_icd_10_cm(x.diagnosisCodeableConcept), fhir_icd_9_cm(x.diagnosisCodeableConcept),
        fhir_bare(x.diagnosisCodeableConcept, '[0-9A-Za-z][0-9][0-9A-Za-z][.]?[0-9A-Za-z]{0,4}')) AS code,
    CASE WHEN fhir_icd_10_cm(x.diagnosisCodeableConcept) IS NOT NULL THEN 'icd-10-cm'
         WHEN fhir_icd_9_cm(x.diagnosisCodeableConcept) IS NOT NULL THEN 'icd-9-cm' END AS code_type,
    x.diagnosisCodeableConcept.coding[1] AS foreign_code, k.kind,
    coalesce(x.onAdmission.coding[1].code, fhir_said(x.extension, [{present_on_admission}])) AS present,
    x.packageCode.coding[1].code AS drg
FROM every e
LEFT JOIN kinds k ON k.r = e.r AND k.n = e.n
