-- One row per diagnosis code as given and HCC that it counts as for some kind of person.
SELECT c.given AS diagnosis_code, m.hcc, m.sex, m.age_from, m.age_to, m.then_from, m.then_to, b.block, b.bit
FROM codes_in AS c
JOIN hcc_map AS m ON m.diagnosis_code = c.diagnosis_code
JOIN hcc_bits AS b ON b.hcc = m.hcc
