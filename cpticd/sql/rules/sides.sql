-- One row per code that has a side, or leaves it open: with the code for both sides, where the list has just one.
WITH both_sides AS (
    SELECT condition, min(diagnosis_code) AS bilateral_code FROM rule_sided_codes
    WHERE laterality = 'bilateral' GROUP BY condition HAVING count(*) = 1
)
SELECT s.*, b.bilateral_code, n.diagnosis_prefix IS NOT NULL AS neutral
FROM rule_sided_codes s
LEFT JOIN both_sides b ON b.condition = s.condition
LEFT JOIN table_side_neutral_diagnoses n ON starts_with(s.diagnosis_code, n.diagnosis_prefix)
