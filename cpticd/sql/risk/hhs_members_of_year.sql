-- One row per person with members of benefit year $year: his facts, and why he is not one of a marketplace plan.
WITH marketplace AS (
    SELECT DISTINCT person_id FROM claims
    WHERE payer_kind = 'marketplace' AND year(coalesce(claim_end_date, claim_start_date)) = $year
)
SELECT
    m.person_id, m.birth_date, least(m.death_date, make_date($year, 12, 31)) AS last_enrolled_date, m.sex,
    m.metal_level, m.csr_variant,
    -- A year without a month of coverage is none of enrolment; beyond six months nothing changes.
    CASE WHEN m.enrolled_months > 12 THEN 12 ELSE m.enrolled_months END AS enrolled_months,
    CASE
        WHEN m.metal_level IS NULL AND p.person_id IS NULL
            THEN 'no metal level in members, and no claim of the benefit year to a marketplace payer'
        WHEN m.enrolled_months = 0 THEN 'no month of enrolment in the benefit year'
        WHEN year(m.death_date) < $year THEN 'died before the benefit year'
    END AS outside
FROM members AS m
LEFT JOIN marketplace AS p ON p.person_id = m.person_id
WHERE m.year = $year
ORDER BY m.person_id
