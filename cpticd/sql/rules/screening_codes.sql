-- One row per diagnosis code on the claims and screening modifier that it goes with.
SELECT DISTINCT c.diagnosis_code, m.modifier
FROM rule_codes c
JOIN table_screening_modifiers m ON m.role = 'diagnosis' AND {within}
