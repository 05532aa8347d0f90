-- One row per person with members of benefit year $year: his facts, and why HHS's models do not pay him (outsiders).
SELECT
    m.person_id, m.birth_date, least(m.death_date, make_date($year, 12, 31)) AS last_enrolled_date, m.sex,
    m.metal_level, m.csr_variant, CASE WHEN m.enrolled_months > 12 THEN 12 ELSE m.enrolled_months END AS enrolled_months,
    o.reason AS outside
FROM members AS m
LEFT JOIN outsiders AS o ON o.person_id = m.person_id AND o.year = m.year
WHERE m.year = $year
ORDER BY m.person_id
