-- Diagnoses of claims that stand in the days and are no evidence: of ICD-9; admitting, reasons for a visit, external causes.
SELECT count(CASE WHEN d.diagnosis_code_type = 'icd-9-cm' THEN 1 END) AS icd9,
    count(CASE WHEN coalesce(d.diagnosis_code_type, '') <> 'icd-9-cm'
        AND d.diagnosis_kind IN ('admitting', 'reason for visit', 'external cause') THEN 1 END) AS aside
FROM diagnoses d
JOIN comorbid_standing s ON s.claim_id = d.claim_id
