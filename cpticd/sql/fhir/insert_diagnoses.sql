SELECT h.claim_id, x.position AS diagnosis_position, upper(replace(replace(x.code, '.', ''), ' ', '')) AS diagnosis_code,
    x.code_type AS diagnosis_code_type, x.kind AS diagnosis_kind,
    upper(x.present) AS present_on_admission_code, h.source AS _source
FROM fhir_positions x JOIN fhir_headers h ON h.r = x.r
