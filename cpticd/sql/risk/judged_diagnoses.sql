-- One row per row of the codes of claims (claim_id, diagnosis_code, diagnosis_position, is_icd9): its claim's service year,
-- date and place, and why it does not count; null where it does.
SELECT
    d.claim_id, d.diagnosis_code, d.diagnosis_position,
    c.person_id, c.claim_date, c.claim_type, c.kind, c.place_of_service_code, c.setting, c.provider,
    CAST(year(c.claim_date) AS INTEGER) AS year,
    CASE WHEN c.claim_id IS NULL THEN 'no claim'
         WHEN c.reason IN ('no person', 'no service date') THEN c.reason
         WHEN d.is_icd9 THEN 'ICD-9-CM code'
         WHEN c.reason IS NULL AND x.claim_id IS NOT NULL THEN 'deleted by a chart review'
         ELSE c.reason END AS reason,
    coalesce(c.face_to_face, FALSE) AS face_to_face
FROM {codes} AS d
LEFT JOIN encounter_claims AS c ON c.claim_id = d.claim_id
LEFT JOIN deleted_diagnoses AS x ON x.claim_id = d.claim_id AND x.diagnosis_code = d.diagnosis_code
