-- One row per person, rule of which both an unspecified code and the evidence stand on the year's claims, and specific
-- code that the evidence speaks for; and, with base_code null, per person with the evidence alone who has one of the
-- specific codes: they tell how the evidence divides.
WITH -- An unspecified code that already carries the HCC of a specific one is none.
base AS (
    SELECT c.person_id, b.rule, c.diagnosis_code, c.claims,
           row_number() OVER (PARTITION BY c.person_id, b.rule ORDER BY c.claims DESC, c.diagnosis_code) AS place
    FROM gap_codes c
    JOIN asked s ON s.year = c.year
    JOIN gap_base_codes b ON b.code = c.diagnosis_code
)
SELECT e.person_id, e.rule, e.claims, e.code, b.diagnosis_code AS base_code, b.claims AS base_claims,
       a.diagnosis_code, a.share, a.strength, m.hcc, coalesce(t.place, 0) AS place
FROM gap_served e
JOIN gap_persons p ON p.person_id = e.person_id
JOIN gap_alternatives a ON a.rule = e.rule
JOIN hcc_map m
  ON m.diagnosis_code = a.diagnosis_code AND (m.sex = '' OR m.sex = p.sex)
 AND coalesce(p.age, m.age_from) BETWEEN m.age_from AND m.age_to
LEFT JOIN base b ON b.person_id = e.person_id AND b.rule = e.rule AND b.place = 1
LEFT JOIN gap_states t ON t.person_id = e.person_id AND t.hcc = m.hcc
WHERE b.person_id IS NOT NULL OR t.place = 1
