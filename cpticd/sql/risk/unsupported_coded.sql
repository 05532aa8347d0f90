-- One row per person, HCC, claim and code: the service year and the years beside it.
-- Whom the model does not pay in the service year is left out. Edits by age and sex hold for whom the members table knows; without an age the code is taken as of the oldest.
WITH latest AS (
    SELECT m.person_id, max(m.year) AS year
    FROM members m CROSS JOIN asked y
    WHERE m.year <= y.payment_year
    GROUP BY m.person_id
),
people AS (
    SELECT m.person_id, m.sex,
           y.payment_year - year(m.birth_date)
           - CASE WHEN month(m.birth_date) > 2 OR (month(m.birth_date) = 2 AND day(m.birth_date) > 1) THEN 1 ELSE 0 END
           AS age
    FROM members m
    JOIN latest l ON l.person_id = m.person_id AND l.year = m.year
    CROSS JOIN asked y
)
SELECT
    e.person_id, m.hcc, e.claim_id, e.year, e.diagnosis_code, e.claim_date, e.kind, e.setting, e.provider,
    e.counted, e.face_to_face, e.reason
FROM encounters e
JOIN hcc_map m ON m.diagnosis_code = e.diagnosis_code
LEFT JOIN people p ON p.person_id = e.person_id
WHERE e.year IS NOT NULL AND e.person_id IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM outsiders o JOIN asked y ON o.year = y.year WHERE o.person_id = e.person_id)
  AND (m.sex = '' OR m.sex = p.sex)
  AND coalesce(p.age, 200) BETWEEN m.age_from AND m.age_to
