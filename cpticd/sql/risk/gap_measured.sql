-- One row per person and rule whose results speak for a condition, beside what the rule asks for.
SELECT m.person_id, m.rule, CAST(CASE WHEN m.first_date IS NULL THEN 1 ELSE 2 END AS BIGINT) AS claims,
       CAST(CASE WHEN m.first_date IS NULL THEN 1 ELSE 2 END AS BIGINT) AS days, m.code,
       coalesce(m.first_date, m.last_date) AS first_date, m.last_date, m.first_value, m.first_comparator, m.last_value,
       m.last_comparator
FROM (SELECT * FROM measured_last UNION ALL SELECT * FROM measured_pair) m
JOIN observed_rules r ON r.rule = m.rule
WHERE (NOT r.asks_codes OR EXISTS (
          SELECT 1 FROM observed_beside b
          JOIN gap_codes c ON c.diagnosis_code = b.code AND c.person_id = m.person_id
          JOIN asked s ON s.year = c.year
          WHERE b.rule = m.rule AND b.system = 'icd-10-cm'))
  AND (NOT r.asks_drugs OR EXISTS (
          SELECT 1 FROM observed_beside b
          JOIN gap_services v ON v.system = b.system AND v.code = b.code AND v.person_id = m.person_id
          WHERE b.rule = m.rule AND b.system IN ('ndc', 'rxnorm')))
