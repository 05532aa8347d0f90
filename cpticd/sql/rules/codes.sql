-- One row per diagnosis code on the claims, as it is written for a reader, with its seventh character.
SELECT diagnosis_code, {written} AS written, substr(diagnosis_code, 7, 1) AS seventh_character
FROM (SELECT DISTINCT diagnosis_code FROM rule_diagnoses) every
