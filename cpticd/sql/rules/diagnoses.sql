-- One row per ICD-10-CM diagnosis of a claim, with the day on which it is judged and the person's sex and age.
-- What a person was admitted or came with is no reason for a service (is_reason): the code that is found stands beside it.
-- A code whose system is missing is ICD-10-CM where the day is October 1, 2015 or later.
SELECT
    d.claim_id,
    d.diagnosis_position,
    d.diagnosis_code,
    d.present_on_admission_code,
    coalesce(d.diagnosis_kind, '') NOT IN ('admitting', 'reason for visit') AS is_reason,
    c.claim_type,
    c.setting,
    c.service_date,
    c.sex,
    CAST(year(c.service_date) - year(c.birth_date)
        - CASE WHEN month(c.service_date) * 100 + day(c.service_date)
                    < month(c.birth_date) * 100 + day(c.birth_date) THEN 1 ELSE 0 END AS INTEGER) AS age
FROM diagnoses d
JOIN rule_claims c ON c.claim_id = d.claim_id
WHERE coalesce(d.diagnosis_code_type,
               CASE WHEN c.service_date >= DATE '2015-10-01' THEN 'icd-10-cm' ELSE '' END) = 'icd-10-cm'
