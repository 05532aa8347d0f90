-- One row per code of the claims that has a side or leaves it open, and every code for both sides. Codes with the same
-- condition differ in the side alone: their titles have the same words without those of the side.
SELECT t.diagnosis_code, t.laterality, {written} AS written,
    substr(t.diagnosis_code, 1, 3) || ' ' || trim(regexp_replace(
        regexp_replace(regexp_replace(lower(t.title), '{side_words}', ' ', 'g'), '{plurals}', '', 'g'),
        '[^a-z0-9-]+', ' ', 'g')) AS condition
FROM rule_sided_titles t
LEFT JOIN (SELECT DISTINCT diagnosis_code FROM rule_diagnoses) u ON u.diagnosis_code = t.diagnosis_code
WHERE u.diagnosis_code IS NOT NULL OR t.laterality = 'bilateral'
