-- One row per person and service year whom the model does not pay, with the reason.
SELECT person_id, year, reason FROM (
    SELECT m.person_id, m.year, {reason} AS reason
    FROM members m
    LEFT JOIN members n ON n.person_id = m.person_id AND n.year = m.year + 1
) judged
WHERE reason IS NOT NULL
