-- One row per patient who is described: by a Patient of the data, or within a claim.
SELECT person, arg_max(birth_date, updated) AS birth_date, arg_max(death_date, updated) AS death_date, arg_max(sex, updated) AS sex,
    arg_max(state, updated) AS state
FROM (
    SELECT coalesce(CASE WHEN r IS NULL THEN id ELSE number END) AS person, birth_date, death_date,
        CASE WHEN gender IN ('female', 'male') THEN gender WHEN gender IS NOT NULL THEN 'unknown' END AS sex,
        CASE WHEN regexp_full_match(state, '[A-Z]{2}') THEN state END AS state, coalesce(updated, TIMESTAMPTZ '1900-01-01') AS updated
    FROM fhir_parties WHERE kind = 'Patient'
)
WHERE person IS NOT NULL
GROUP BY person
