-- One row per person, HCC, claim and code that stands for one side of a combination.
SELECT DISTINCT g.person_id, g.hcc, e.claim_id, e.claim_date, e.diagnosis_code AS code
FROM gap_pairs g
JOIN gap_rule_codes r ON r.rule = g.rule
JOIN encounters e ON e.person_id = g.person_id AND e.diagnosis_code = r.code AND e.counted
 AND e.claim_date BETWEEN r.effective_from AND r.effective_to
JOIN asked s ON s.year = e.year
