-- One row per diagnosis code, HCC and kind of person for whom the code counts as that HCC, CMS's edits folded in.
WITH base AS (
    SELECT diagnosis_code, hcc FROM hcc_diagnoses
    WHERE model = $model AND $year BETWEEN first_year AND last_year
),
edits AS (
    SELECT *, coalesce(age_at_most + 1, {youngest}) AS keeps_from, coalesce(age_at_least - 1, {oldest}) AS keeps_to
    FROM hcc_edits WHERE model = $model
        AND diagnosis_code IN (SELECT diagnosis_code FROM base)  -- a code has an edit while it is in force
),
-- A code without an edit counts for everybody; one with an age edit, within its bounds.
kept AS (
    SELECT b.diagnosis_code, b.hcc,
           CASE e.sex WHEN 'female' THEN 'male' WHEN 'male' THEN 'female' ELSE '' END AS sex,
           coalesce(e.keeps_from, {youngest}) AS age_from, coalesce(e.keeps_to, {oldest}) AS age_to
    FROM base AS b LEFT JOIN edits AS e ON e.diagnosis_code = b.diagnosis_code
),
-- An edit that names another HCC gives it to those whom it takes out.
given AS (
    SELECT diagnosis_code, hcc, sex, {youngest} AS age_from, coalesce(age_at_most, {oldest}) AS age_to
    FROM edits WHERE hcc <> '' AND age_at_least IS NULL
    UNION ALL
    SELECT diagnosis_code, hcc, sex, age_at_least, {oldest} FROM edits WHERE hcc <> '' AND age_at_least IS NOT NULL
)
SELECT diagnosis_code, hcc, sex, CAST(age_from AS INTEGER) AS age_from, CAST(age_to AS INTEGER) AS age_to
FROM (SELECT * FROM kept UNION SELECT * FROM given)
ORDER BY diagnosis_code, CAST(hcc AS INTEGER), sex, age_from
