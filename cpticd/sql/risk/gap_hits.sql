-- One row per person, year, HCC, claim that counts and diagnosis code: why the HCC counts as coded.
SELECT e.person_id, e.year, m.hcc, e.claim_id, e.claim_date, e.diagnosis_code
FROM encounters e
JOIN gap_persons p ON p.person_id = e.person_id
JOIN hcc_map m
  ON m.diagnosis_code = e.diagnosis_code
 AND (m.sex = '' OR m.sex = p.sex)
 AND coalesce(p.age, m.age_from) BETWEEN m.age_from AND m.age_to
WHERE e.counted
