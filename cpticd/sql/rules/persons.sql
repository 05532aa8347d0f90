-- One row per person: birth date and sex as the latest year of coverage has them; sex is null where it is unknown.
SELECT person_id, birth_date, CASE WHEN sex IN ('female', 'male') THEN sex END AS sex
FROM (
    SELECT person_id, birth_date, sex, row_number() OVER (PARTITION BY person_id ORDER BY year DESC) AS place
    FROM members
) latest
WHERE place = 1
