-- One row per person with a row of members in either year: his months of the service year and of the payment year.
WITH collected AS (SELECT * FROM members WHERE year = $payment_year - 1),
paid AS (SELECT * FROM members WHERE year = $payment_year)
SELECT
    coalesce(c.person_id, p.person_id) AS person_id,
    c.person_id IS NOT NULL AS in_service_year,
    c.part_b_months,
    coalesce(c.medicare_advantage_months, c.enrolled_months) AS months,
    c.hospice_months,
    coalesce(p.medicare_advantage_months, p.enrolled_months, p.part_b_months) AS later_months,
    p.hospice_months AS later_hospice_months,
    coalesce(p.new_enrollee, c.new_enrollee, FALSE) AS new_enrollee
FROM collected c
FULL OUTER JOIN paid p ON p.person_id = c.person_id
ORDER BY 1
