-- One row per person and year with coverage of enrolment sets. What is said of the person is what the last set says that
-- says it. Months of Medicare are counted where sets speak of it, else unknown.
WITH turned AS (
    SELECT n.person_id, e.*, CASE WHEN e.location_kind = 'CY' AND regexp_full_match(e.location, '[0-9]{5}') THEN e.location END AS county,
        list_filter([e.medicare_reason, e.medicare_reason_2, e.medicare_reason_3], lambda x: x IN ('0', '1', '2')) AS reasons
    FROM x12_entries e
    JOIN x12_numbers n ON n.person = e.person
    WHERE e.problem IS NULL
),
facts AS (
    SELECT
        person_id, arg_max(birth_date, (set_turn, key)) FILTER (WHERE birth_date IS NOT NULL) AS birth_date,
        arg_max(death_date, (set_turn, key)) FILTER (WHERE death_date IS NOT NULL) AS death_date,
        arg_max(sex, (set_turn, key)) FILTER (WHERE sex IN ('F', 'M')) AS sex,
        arg_max(state, (set_turn, key)) FILTER (WHERE state IS NOT NULL) AS state,
        arg_max(county, (set_turn, key)) FILTER (WHERE county IS NOT NULL) AS county_code,
        arg_min(reasons, (set_turn, key)) FILTER (WHERE len(reasons) > 0) AS reasons,
        bool_or(list_contains(reasons, '2')) AS has_esrd, arg_max(number, (set_turn, key)) AS number
    FROM turned GROUP BY person_id
),
plans AS (
    SELECT n.person_id, arg_max(right(c.plan_id, 2), (e.set_turn, c.place)) AS csr_variant
    FROM x12_coverages c
    JOIN x12_entries e ON e.key = c.key
    JOIN x12_numbers n ON n.person = e.person
    WHERE regexp_full_match(c.plan_id, '[0-9]{5}[A-Z]{2}[0-9]{7}-?[0-9]{2}') GROUP BY n.person_id
),
spoken AS (
    SELECT n.person_id, s.kind, min(year(s.from_day)) AS since
    FROM (SELECT * FROM x12_said_coverages UNION ALL SELECT * FROM x12_said_medicare) s
    JOIN x12_numbers n ON n.person = s.person
    GROUP BY n.person_id, s.kind
),
years AS (
    SELECT person_id, year, bit_or(months) FILTER (WHERE kind IN ('medical', 'medicare advantage')) AS enrolled,
        bit_or(months) FILTER (WHERE kind = 'medicare advantage') AS advantage, bit_or(months) FILTER (WHERE kind = 'part d') AS drugs,
        bit_or(months) FILTER (WHERE kind = 'part b') AS part_b
    FROM x12_enrolled GROUP BY person_id, year
)
SELECT
    y.person_id, y.year, f.birth_date, f.death_date, CASE f.sex WHEN 'F' THEN 'female' WHEN 'M' THEN 'male' ELSE 'unknown' END AS sex,
    f.state, f.county_code, p.csr_variant, CASE WHEN f.has_esrd THEN TRUE END AS esrd,
    CASE WHEN list_contains(f.reasons, '1') AND list_contains(f.reasons, '2') THEN '3' ELSE list_max(f.reasons) END
        AS original_reason_entitlement_code,
    CAST(bit_count(coalesce(y.enrolled, 0)) AS INTEGER) AS enrolled_months,
    CAST(CASE WHEN b.since <= y.year THEN bit_count(coalesce(y.part_b, 0)) END AS INTEGER) AS part_b_months,
    CAST(CASE WHEN d.since IS NOT NULL THEN bit_count(coalesce(y.drugs, 0)) END AS INTEGER) AS part_d_months,
    CAST(CASE WHEN a.since IS NOT NULL THEN bit_count(coalesce(y.advantage, 0)) END AS INTEGER) AS medicare_advantage_months,
    s._source
FROM years y
JOIN facts f ON f.person_id = y.person_id
JOIN x12_sources s ON s.number = f.number
LEFT JOIN plans p ON p.person_id = y.person_id
LEFT JOIN spoken b ON b.person_id = y.person_id AND b.kind = 'part b'
LEFT JOIN spoken d ON d.person_id = y.person_id AND d.kind = 'part d'
LEFT JOIN spoken a ON a.person_id = y.person_id AND a.kind = 'medicare advantage'
WHERE coalesce(y.enrolled, y.drugs) IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM x12_given_members m WHERE m.person_id = y.person_id AND m.year = y.year)
