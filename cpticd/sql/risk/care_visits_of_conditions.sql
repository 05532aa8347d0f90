-- One row per person, condition asked about, day and clinician who saw him for it: a code of the condition, or of one
-- above or below it in its hierarchy, stands on the claim; or the claim is evidence of it.
SELECT DISTINCT a.person_id, a.hcc, v.claim_date, v.provider
FROM asked_conditions AS a
JOIN care_visits AS v ON v.person_id = a.person_id
JOIN encounters AS e ON e.claim_id = v.claim_id AND e.counted
JOIN hcc_map AS m ON m.diagnosis_code = e.diagnosis_code
JOIN hcc_near AS n ON n.hcc = a.hcc AND n.near = m.hcc
UNION
SELECT DISTINCT a.person_id, a.hcc, v.claim_date, v.provider
FROM asked_evidence AS a
JOIN care_visits AS v ON v.person_id = a.person_id AND v.claim_id = a.claim_id
