-- One row per claim and diagnosis code that may be held against another one of the claim: without what stands after
-- the last diagnosis that says whether it was present on admission, which is the admitting diagnosis of a stay where
-- nothing says which one that is, and without what is said to be an admitting diagnosis or a reason for a visit.
WITH admission AS (
    SELECT claim_id, max(diagnosis_position) AS last_said
    FROM rule_diagnoses
    WHERE setting = 'inpatient' AND present_on_admission_code IS NOT NULL
    GROUP BY claim_id
)
SELECT d.claim_id, d.diagnosis_code, d.service_date, min(d.diagnosis_position) AS diagnosis_position, count(*) AS times
FROM rule_diagnoses d
LEFT JOIN admission a ON a.claim_id = d.claim_id
WHERE d.is_reason AND (a.claim_id IS NULL OR d.diagnosis_position <= a.last_said OR d.diagnosis_code >= 'V')
GROUP BY d.claim_id, d.diagnosis_code, d.service_date
