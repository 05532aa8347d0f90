-- One row per person (number), HCC and claim that supports it, the best support first: a stay, then a visit at which the
-- patient was seen, then the rest; the latest first.
WITH supported AS (
    SELECT s.person, m.hcc, d.claim_id, d.claim_date, d.kind, d.setting, d.provider, d.face_to_face,
           list_sort(array_agg(DISTINCT c.diagnosis_code)) AS diagnosis_codes
    FROM encounters AS d
    JOIN codes_in AS c ON c.given = d.diagnosis_code
    JOIN mapped AS m ON m.diagnosis_code = d.diagnosis_code
    JOIN scored AS s ON s.person_id = d.person_id
    JOIN asked_people AS a ON a.person = s.person
    WHERE d.counted AND NOT s.without_hccs
        AND s.age BETWEEN m.age_from AND m.age_to AND (m.sex = '' OR m.sex = s.sex)
    GROUP BY s.person, m.hcc, d.claim_id, d.claim_date, d.kind, d.setting, d.provider, d.face_to_face
)
SELECT
    person, hcc, claim_id, claim_date, kind, setting, provider, diagnosis_codes,
    row_number() OVER (
        PARTITION BY person, hcc
        ORDER BY CASE WHEN kind = 'inpatient' THEN 0 WHEN face_to_face THEN 1 ELSE 2 END, claim_date DESC, claim_id
    ) AS place
FROM supported
ORDER BY person, hcc, place
