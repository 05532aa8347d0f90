-- One row per person, index and condition that diagnoses of claims that stand speak for, before one takes the place of
-- another: claims, first and last day, whether an inpatient claim has it. Admitting diagnoses, reasons for a visit and
-- external causes are no findings of the claim.
WITH standing AS MATERIALIZED (
    SELECT o.claim_id, o.person_id, o.claim_start_date AS day, CASE WHEN {setting} = 'inpatient' THEN 1 ELSE 0 END AS inpatient
    FROM claims o
    {joins}
    LEFT JOIN superseded u ON u.claim_id = o.claim_id
    WHERE u.claim_id IS NULL AND o.person_id IS NOT NULL
        AND coalesce(o.frequency_code, substr(o.bill_type_code, 3, 1), '1') <> '8'
        AND o.claim_start_date >= CAST($first AS DATE) AND o.claim_start_date <= CAST($last AS DATE)
),
listed AS MATERIALIZED (
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
FROM standing s
JOIN listed l ON l.claim_id = s.claim_id
JOIN mapped m ON m.diagnosis_code = l.diagnosis_code
GROUP BY s.person_id, m.index_name, m.condition
