-- One row per diagnosis of a claim of the service year that counts.
SELECT c.person_id, d.diagnosis_code
FROM diagnoses AS d
JOIN encounter_claims AS c ON c.claim_id = d.claim_id
LEFT JOIN deleted_diagnoses AS x ON x.claim_id = d.claim_id AND x.diagnosis_code = d.diagnosis_code
WHERE c.reason IS NULL AND x.claim_id IS NULL AND year(c.claim_date) = {year} AND coalesce(d.diagnosis_code_type, '') <> 'icd-9-cm'
