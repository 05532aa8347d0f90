-- One row per claim, diagnosis code and condition of the persons of the list: when it was coded, and whether it counts.
SELECT e.person_id, m.hcc, e.diagnosis_code, e.claim_id, e.claim_date, e.setting, e.counted,
    coalesce(e.reason, '') AS reason
FROM encounters e
JOIN wanted p ON p.person_id = e.person_id
JOIN hcc_codes m ON m.diagnosis_code = e.diagnosis_code
WHERE e.claim_date IS NOT NULL AND e.year IS NOT NULL
ORDER BY e.person_id, e.claim_date, e.claim_id, m.hcc, e.diagnosis_code
