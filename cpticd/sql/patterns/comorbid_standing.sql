-- One row per claim of a person in the days that stands: none that was replaced or voided, and no void itself.
SELECT o.claim_id, o.person_id, o.claim_start_date AS day, CASE WHEN {setting} = 'inpatient' THEN 1 ELSE 0 END AS inpatient
FROM claims o
{joins}
LEFT JOIN superseded u ON u.claim_id = o.claim_id
WHERE u.claim_id IS NULL AND o.person_id IS NOT NULL
    AND coalesce(o.frequency_code, substr(o.bill_type_code, 3, 1), '1') <> '8'
    AND o.claim_start_date >= CAST($first AS DATE) AND o.claim_start_date <= CAST($last AS DATE)
