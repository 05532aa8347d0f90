-- One row per diagnosis code, HCC and kind of person for whom the code counts as that HCC in benefit year $year.
-- The age edits of the Medicare Code Editor hold that were in force on some day of the year.
WITH edits AS (
    SELECT e.code, max(a.age_from) AS then_from, min(a.age_to) AS then_to
    FROM mce_edits AS e
    JOIN mce_ages AS a ON a.edit = e.edit
    WHERE e.code_type = 'diagnosis'
        AND e.effective_from <= make_date($year, 12, 31) AND coalesce(e.effective_to, DATE '9999-12-31') >= make_date($year, 1, 1)
        AND a.effective_from <= make_date($year, 12, 31) AND coalesce(a.effective_to, DATE '9999-12-31') >= make_date($year, 1, 1)
    GROUP BY e.code
)
SELECT d.diagnosis_code, d.hcc, d.sex, d.age_from, d.age_to,
       CAST(coalesce(e.then_from, 0) AS INTEGER) AS then_from, CAST(coalesce(e.then_to, 999) AS INTEGER) AS then_to
FROM hhs_diagnoses AS d
LEFT JOIN edits AS e ON e.code = d.diagnosis_code
ORDER BY d.diagnosis_code, CAST(d.hcc AS DOUBLE), d.sex, d.age_from
