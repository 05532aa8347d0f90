-- One row per person: birth date and sex as the latest year of coverage has them, death date as any year has it; sex is
-- null where it is unknown.
SELECT person_id, birth_date, CASE WHEN sex IN ('female', 'male') THEN sex END AS sex, last_death AS death_date
FROM (
    SELECT person_id, birth_date, sex, row_number() OVER (PARTITION BY person_id ORDER BY year DESC) AS place,
        max(death_date) OVER (PARTITION BY person_id) AS last_death
    FROM members
) latest
WHERE place = 1
