-- One row per claim and distinct diagnosis code of the chosen service years; what has no date or no claim is
-- kept, without a year, so that nothing is lost in silence.
WITH codes AS (
    SELECT claim_id, diagnosis_code, bool_and(coalesce(diagnosis_code_type, '') = 'icd-9-cm') AS is_icd9,
           min(diagnosis_position) AS diagnosis_position
    FROM diagnoses
    GROUP BY claim_id, diagnosis_code
),
judged AS (
    {judged}
)
SELECT
    r.person_id, r.claim_id, r.year, r.diagnosis_code, r.claim_date, r.claim_type, r.kind,
    r.place_of_service_code, r.setting, r.provider, r.diagnosis_position,
    r.reason IS NULL AS counted,
    r.reason,
    r.reason IS NULL AND r.face_to_face AS face_to_face
FROM judged r
LEFT JOIN encounter_years y ON y.year = r.year
WHERE y.year IS NOT NULL OR r.year IS NULL
