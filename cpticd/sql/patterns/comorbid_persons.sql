-- One row per person with a claim that stands in the days, or a member in one of the years: claims, age, indexes.
WITH seen AS (SELECT person_id, count(*) AS claims FROM comorbid_standing GROUP BY person_id),
born AS (SELECT person_id, min(birth_date) AS birth_date FROM members GROUP BY person_id),
persons AS (
    SELECT person_id FROM seen
    UNION
    SELECT person_id FROM members
    WHERE year >= year(CAST($first AS DATE)) AND year <= year(CAST($last AS DATE))
),
indexes AS (
    SELECT person_id,
        sum(coalesce(weight_1987, 0)) AS charlson, sum(coalesce(weight_2011, 0)) AS charlson_2011,
        count(CASE WHEN index_name = 'elixhauser' THEN 1 END) AS elixhauser,
        sum(coalesce(weight_van_walraven, 0)) AS van_walraven,
        string_agg(CASE WHEN index_name = 'charlson' THEN condition END, ', ' ORDER BY place) AS charlson_conditions,
        string_agg(CASE WHEN index_name = 'elixhauser' THEN condition END, ', ' ORDER BY place) AS elixhauser_conditions
    FROM comorbid
    GROUP BY person_id
)
SELECT p.person_id, year(CAST($last AS DATE)) - year(b.birth_date) AS age, coalesce(s.claims, 0) AS claims,
    coalesce(i.charlson, 0) AS charlson, coalesce(i.charlson_2011, 0) AS charlson_2011,
    coalesce(i.elixhauser, 0) AS elixhauser, coalesce(i.van_walraven, 0) AS van_walraven,
    coalesce(i.charlson_conditions, '') AS charlson_conditions,
    coalesce(i.elixhauser_conditions, '') AS elixhauser_conditions
FROM persons p
LEFT JOIN seen s ON s.person_id = p.person_id
LEFT JOIN born b ON b.person_id = p.person_id
LEFT JOIN indexes i ON i.person_id = p.person_id
