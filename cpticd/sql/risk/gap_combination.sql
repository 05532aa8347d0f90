-- One row per person, joined code and HCC, where both parts are coded in the measurement year.
WITH sides AS (
    SELECT c.person_id, r.rule, r.side, c.diagnosis_code, c.claims,
           row_number() OVER (
               PARTITION BY c.person_id, r.rule, r.side ORDER BY c.claims DESC, c.diagnosis_code
           ) AS place
    FROM gap_codes c
    JOIN asked s ON s.year = c.year
    JOIN gap_rule_codes r ON r.code = c.diagnosis_code
     AND r.effective_from <= c.last_date AND r.effective_to >= c.first_date
)
SELECT a.person_id, a.rule, m.hcc, j.diagnosis_code, j.strength,
       a.diagnosis_code AS code_a, b.diagnosis_code AS code_b,
       least(a.claims, b.claims) AS claims,
       -- A lower HCC is that of a part: it does not close what the two together are.
       CASE WHEN t.place IN (1, 2) THEN t.place ELSE 0 END AS place
FROM sides a
JOIN sides b ON b.person_id = a.person_id AND b.rule = a.rule AND b.side = 'b' AND b.place = 1
JOIN gap_joined j ON j.rule = a.rule
JOIN gap_persons p ON p.person_id = a.person_id
JOIN hcc_map m
  ON m.diagnosis_code = j.diagnosis_code AND (m.sex = '' OR m.sex = p.sex)
 AND coalesce(p.age, m.age_from) BETWEEN m.age_from AND m.age_to
LEFT JOIN gap_states t ON t.person_id = a.person_id AND t.hcc = m.hcc
WHERE a.side = 'a' AND a.place = 1
