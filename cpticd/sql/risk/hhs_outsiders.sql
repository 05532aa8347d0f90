-- One row per person and benefit year whom HHS's models do not pay, with the reason.
WITH marketplace AS (
    SELECT DISTINCT person_id, CAST(year(coalesce(claim_end_date, claim_start_date)) AS INTEGER) AS year
    FROM claims WHERE payer_kind = 'marketplace'
),
judged AS (
    SELECT
        m.person_id, m.year,
        CASE
            WHEN m.metal_level IS NULL AND p.person_id IS NULL
                THEN 'no metal level in members, and no claim of the benefit year to a marketplace payer'
            WHEN m.enrolled_months = 0 THEN 'no month of enrolment in the benefit year'
            WHEN year(m.death_date) < m.year THEN 'died before the benefit year'
        END AS reason
    FROM members AS m
    LEFT JOIN marketplace AS p ON p.person_id = m.person_id AND p.year = m.year
)
SELECT person_id, year, reason FROM judged WHERE reason IS NOT NULL
