-- One row per person, diagnosis code and HCC that he has by it, edits by age and sex applied.
SELECT DISTINCT p.person, p.segment_key, d.diagnosis_code, m.hcc, m.block, m.bit
FROM diagnoses_in AS d
JOIN hhs_mapped AS m ON m.diagnosis_code = d.diagnosis_code
JOIN scored AS p ON p.person_id = d.person_id
WHERE p.age BETWEEN m.age_from AND m.age_to AND (m.sex = '' OR m.sex = p.sex)
    AND coalesce(year(d.service_date) - year(p.birth_date)
            - CASE WHEN month(p.birth_date) * 100 + day(p.birth_date) > month(d.service_date) * 100 + day(d.service_date)
                THEN 1 ELSE 0 END,
        p.age) BETWEEN m.then_from AND m.then_to
