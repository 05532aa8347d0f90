-- One row per person and block of HCCs that he has, as a bit mask; edits by age and sex are in the mapping.
SELECT p.person, m.block, bit_or(m.bit) AS mask
FROM risk_diagnoses_in AS d
JOIN risk_mapping AS m ON m.diagnosis_code = d.diagnosis_code
JOIN {people} AS p ON p.person_id = d.person_id
WHERE NOT p.is_new AND p.age BETWEEN m.age_from AND m.age_to AND (m.sex = '' OR m.sex = p.sex)
GROUP BY p.person, m.block
