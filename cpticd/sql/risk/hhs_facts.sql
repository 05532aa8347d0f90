-- One row per distinct set of facts about enrollees (numbered in person_id): cleaned, the number of the segment, and why
-- such a person cannot be scored (problem).
WITH cleaned AS (
    SELECT
        CAST(person_id AS INTEGER) AS fact,
        birth_date, coalesce(last_enrolled_date, make_date({year}, 12, 31)) AS last_date,
        CAST(floor(age) AS INTEGER) AS stated_age,
        CASE
            WHEN lower(sex) IN ('female', 'f', '2') THEN 'female'
            WHEN lower(sex) IN ('male', 'm', '1') THEN 'male'
        END AS sex,
        sex AS given_sex,
        coalesce(lower(metal_level), 'silver') AS metal,
        lpad(csr_variant, 2, '0') AS csr_variant, csr_indicator, outside,
        -- HHS's months of so many days.
        CASE
            WHEN enrolled_days IS NULL THEN CAST(floor(coalesce(enrolled_months, 12)) AS INTEGER)
            WHEN enrolled_days NOT BETWEEN 1 AND 366 THEN 0
            ELSE 1 + (enrolled_days > 31)::INTEGER + (enrolled_days > 62)::INTEGER + (enrolled_days > 92)::INTEGER
                + (enrolled_days > 123)::INTEGER + (enrolled_days > 153)::INTEGER + (enrolled_days > 184)::INTEGER
                + (enrolled_days > 214)::INTEGER + (enrolled_days > 245)::INTEGER + (enrolled_days > 275)::INTEGER
                + (enrolled_days > 306)::INTEGER + (enrolled_days > 335)::INTEGER
        END AS months,
        coalesce(enrolled_days, enrolled_months) AS given_months,
        metal_level IS NULL AS metal_assumed, coalesce(enrolled_days, enrolled_months) IS NULL AS months_assumed,
        csr_variant IS NULL AND csr_indicator IS NULL AS csr_assumed,
        age IS NULL AND last_enrolled_date IS NULL AS day_assumed
    FROM facts_in
),
aged AS (
    SELECT
        *,
        coalesce(stated_age, greatest(CAST(year(last_date) - year(birth_date) AS INTEGER)
            - CASE WHEN month(birth_date) * 100 + day(birth_date) > month(last_date) * 100 + day(last_date) THEN 1 ELSE 0 END, 0))
            AS age
    FROM cleaned
),
reduced AS (
    SELECT a.*, coalesce(i.factor, v.factor, CASE WHEN a.csr_assumed THEN 1 END) AS csr_factor
    FROM aged AS a
    LEFT JOIN csr_variants AS v
        ON a.csr_indicator IS NULL AND v.csr_variant = a.csr_variant AND v.metal_level = a.metal
    LEFT JOIN csr_indicators AS i ON i.indicator = a.csr_indicator
)
SELECT
    fact, birth_date, age, sex, months, csr_factor, metal_assumed, months_assumed, csr_assumed, day_assumed,
    g.segment, split_part(g.name, ' ', 1) AS population,
    CASE
        WHEN outside IS NOT NULL THEN outside
        WHEN year(birth_date) > {year} THEN 'birth_date: after the benefit year: ' || CAST(birth_date AS VARCHAR)
        WHEN year(last_date) <> {year}
            THEN 'last_enrolled_date: not in the benefit year: ' || CAST(last_date AS VARCHAR)
        WHEN age IS NULL THEN 'age: neither age nor birth_date is known'
        WHEN age NOT BETWEEN 0 AND 120 THEN 'age: outside 0-120: ' || CAST(age AS VARCHAR)
        WHEN sex IS NULL THEN 'sex: the model has coefficients for female and male only; found ' || coalesce(given_sex, 'none')
        WHEN g.segment IS NULL THEN 'metal_level: not platinum, gold, silver, bronze or catastrophic: ' || metal
        WHEN months NOT BETWEEN 1 AND 12
            THEN 'enrolled_months: not 1-12 months or 1-366 days: ' || CAST(given_months AS VARCHAR)
        WHEN csr_factor IS NULL AND csr_indicator IS NOT NULL
            THEN 'csr_indicator: HHS has no such number in {year}: ' || CAST(csr_indicator AS VARCHAR)
        WHEN csr_factor IS NULL THEN 'csr_variant: no such variant of a ' || metal || ' plan: ' || csr_variant
    END AS problem
FROM reduced
LEFT JOIN hhs_segments AS g
    ON g.name = (CASE WHEN age >= 21 THEN 'adult ' WHEN age >= 2 THEN 'child ' ELSE 'infant ' END) || metal
