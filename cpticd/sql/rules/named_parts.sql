-- One row per sided code of the claims and finger, toe or eyelid that its title names.
SELECT s.diagnosis_code, s.written, b.anatomy, b.kind, b.title_words
FROM rule_sides s
JOIN rule_sided_titles t ON t.diagnosis_code = s.diagnosis_code
JOIN table_body_parts b ON contains(lower(t.title), b.title_words)
WHERE NOT s.neutral
