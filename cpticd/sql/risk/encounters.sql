-- One row per claim and distinct diagnosis code of the chosen service years; what has no date or no claim is
-- kept, without a year, so that nothing is lost in silence.
WITH codes AS (
    SELECT claim_id, diagnosis_code,
           min(CASE WHEN coalesce(diagnosis_code_type, '') = 'icd-9-cm' THEN 1 ELSE 0 END) AS is_icd9,
           min(diagnosis_position) AS diagnosis_position
    FROM diagnoses
    GROUP BY claim_id, diagnosis_code
),
reasoned AS (
    SELECT
        d.claim_id, d.diagnosis_code, d.diagnosis_position,
        c.person_id, c.claim_date, c.claim_type, c.kind, c.place_of_service_code, c.setting, c.provider,
        CAST(year(c.claim_date) AS INTEGER) AS year,
        CASE WHEN c.claim_id IS NULL THEN 'no claim'
             WHEN c.reason IN ('no person', 'no service date') THEN c.reason
             WHEN d.is_icd9 = 1 THEN 'ICD-9-CM code'
             WHEN c.reason IS NULL AND x.claim_id IS NOT NULL THEN 'deleted by a chart review'
             ELSE c.reason END AS reason,
        coalesce(c.face_to_face, FALSE) AS face_to_face
    FROM codes d
    LEFT JOIN encounter_claims c ON c.claim_id = d.claim_id
    LEFT JOIN deleted_diagnoses x ON x.claim_id = d.claim_id AND x.diagnosis_code = d.diagnosis_code
)
SELECT
    r.person_id, r.claim_id, r.year, r.diagnosis_code, r.claim_date, r.claim_type, r.kind,
    r.place_of_service_code, r.setting, r.provider, r.diagnosis_position,
    r.reason IS NULL AS counted,
    r.reason,
    r.reason IS NULL AND r.face_to_face AS face_to_face
FROM reasoned r
LEFT JOIN encounter_years y ON y.year = r.year
WHERE y.year IS NOT NULL OR r.year IS NULL
