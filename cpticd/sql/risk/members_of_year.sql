-- One row per person: his facts of the payment year, or of the year before where his row of it is not there yet, and his
-- months of both years, as far as they decide anything.
WITH latest AS (
    SELECT person_id, max(year) AS year FROM members
    WHERE year BETWEEN $payment_year - 1 AND $payment_year GROUP BY person_id
),
months AS (
    SELECT
        person_id,
        max(CASE WHEN year < $payment_year THEN CASE WHEN part_b_months BETWEEN 1 AND 11 THEN 1 ELSE part_b_months END END)
            AS part_b_months,
        max(CASE WHEN year < $payment_year THEN CASE WHEN part_d_months > 0 THEN 12 ELSE part_d_months END END) AS part_d_months,
        max(CASE WHEN year = $payment_year THEN CASE WHEN part_b_months > 0 THEN 12 ELSE part_b_months END END)
            AS later_part_b_months,
        max(CASE WHEN year = $payment_year THEN CASE WHEN part_d_months > 0 THEN 12 ELSE part_d_months END END)
            AS later_part_d_months,
        max(CASE WHEN death_date < make_date($payment_year, 1, 1) THEN death_date END) AS death_date,
        max(CASE WHEN year = $payment_year AND hospice_months >= 12 THEN 12 END) AS later_hospice_months
    FROM members
    WHERE year BETWEEN $payment_year - 1 AND $payment_year
    GROUP BY person_id
)
SELECT m.person_id, m.birth_date, m.sex, m.dual_status_code, m.original_reason_entitlement_code,
       m.long_term_institutional, m.new_enrollee, m.special_needs_plan, m.pace, m.esrd,
       m.esrd_status,
       -- In January of the payment year; from the tenth month on nothing changes.
       CASE WHEN m.graft_date < make_date($payment_year, 1, 1)
           THEN least(($payment_year - year(m.graft_date)) * 12 + 1 - month(m.graft_date), 10) END AS graft_months,
       m.low_income_months > 0 AS low_income_subsidy,
       CASE WHEN m.medicare_advantage_months = 0 THEN 'PDP' END AS part_d_channel,
       n.part_b_months, n.part_d_months, n.later_part_b_months, n.later_part_d_months,
       n.death_date, n.later_hospice_months
FROM members AS m
JOIN latest AS l ON l.person_id = m.person_id AND l.year = m.year
JOIN months AS n ON n.person_id = m.person_id
ORDER BY m.person_id
