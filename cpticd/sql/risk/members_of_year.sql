-- One row per person: his facts of the payment year, or of the year before where his row of it is not there yet.
SELECT m.person_id, m.birth_date, m.sex, m.dual_status_code, m.original_reason_entitlement_code,
       m.long_term_institutional, m.new_enrollee, m.special_needs_plan, m.esrd
FROM members AS m
JOIN (
    SELECT person_id, max(year) AS year FROM members
    WHERE year BETWEEN $payment_year - 1 AND $payment_year GROUP BY person_id
) AS l ON l.person_id = m.person_id AND l.year = m.year
ORDER BY m.person_id
