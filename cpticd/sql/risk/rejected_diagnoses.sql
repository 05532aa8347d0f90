-- One row per person and diagnosis that cannot be read as a code of somebody.
SELECT 'person ' || coalesce(person_id, '?') AS location, reason, code AS content
FROM (
    SELECT DISTINCT d.person_id, d.diagnosis_code, coalesce(d.diagnosis_code, '') AS code,
           CASE WHEN d.person_id IS NULL THEN 'person_id: empty'
                WHEN coalesce(c.diagnosis_code, '') = '' THEN 'diagnosis_code: empty'
                ELSE 'diagnosis_code: not an ICD-10-CM code' END AS reason
    FROM diagnoses_in AS d LEFT JOIN codes_in AS c ON c.given = d.diagnosis_code
    WHERE d.person_id IS NULL OR c.given IS NULL OR NOT c.is_code
) AS wrong
ORDER BY location, content
