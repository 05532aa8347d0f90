-- One row per person, HCC, diagnosis code and claim that supports it; {claim} and {diagnoses} by the source.
SELECT DISTINCT s.person, m.hcc, c.diagnosis_code, {claim} AS claim_id
FROM {diagnoses} AS d
JOIN codes_in AS c ON c.given = d.diagnosis_code
JOIN mapped AS m ON m.diagnosis_code = d.diagnosis_code
JOIN scored AS s ON s.person_id = d.person_id
WHERE NOT s.without_hccs AND s.age BETWEEN m.age_from AND m.age_to AND (m.sex = '' OR m.sex = s.sex) {kept}
