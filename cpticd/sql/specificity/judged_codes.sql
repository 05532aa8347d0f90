-- One row per diagnosis code of the data that is not ICD-9-CM, with its family.
SELECT d.diagnosis_code, min(f.diagnosis_family) AS diagnosis_family
FROM diagnoses d
LEFT JOIN diagnosis_families f ON f.diagnosis_code = d.diagnosis_code
WHERE d.diagnosis_code IS NOT NULL AND coalesce(d.diagnosis_code_type, '') <> 'icd-9-cm'
GROUP BY d.diagnosis_code
ORDER BY d.diagnosis_code
