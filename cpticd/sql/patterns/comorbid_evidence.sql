-- One row per person, index and condition that diagnoses of claims that stand speak for, before one takes the place of
-- another: claims, first and last day, whether an inpatient claim has it. Admitting diagnoses, reasons for a visit and
-- external causes are no findings of the claim.
WITH listed AS MATERIALIZED (
    SELECT DISTINCT d.claim_id, d.diagnosis_code
    FROM diagnoses d
    WHERE coalesce(d.diagnosis_code_type, '') <> 'icd-9-cm'
        AND coalesce(d.diagnosis_kind, '') NOT IN ('admitting', 'reason for visit', 'external cause')
),
lengths AS (SELECT DISTINCT length(prefix) AS n FROM comorbid_prefixes),
known AS (SELECT DISTINCT diagnosis_code FROM listed),
mapped AS MATERIALIZED (
    SELECT DISTINCT k.diagnosis_code, p.index_name, p.condition
    FROM (SELECT diagnosis_code, substr(diagnosis_code, 1, n) AS prefix FROM known CROSS JOIN lengths) k
    JOIN comorbid_prefixes p ON p.prefix = k.prefix
)
SELECT s.person_id, m.index_name, m.condition, count(DISTINCT s.claim_id) AS claims, min(s.day) AS first_date,
    max(s.day) AS last_date, max(s.inpatient) AS inpatient
FROM comorbid_standing s
JOIN listed l ON l.claim_id = s.claim_id
JOIN mapped m ON m.diagnosis_code = l.diagnosis_code
GROUP BY s.person_id, m.index_name, m.condition
