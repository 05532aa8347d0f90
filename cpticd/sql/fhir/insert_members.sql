-- One row per person and year: of coverage that is said by month or from day to day, and of claims where the person is known.
-- A coverage without an end is counted up to the last day of which anything in the data speaks.
WITH clock AS (
    SELECT greatest(
        (SELECT max(greatest(coalesce(finish, start), start)) FROM fhir_claims),
        (SELECT CAST(max(updated) AS DATE) FROM fhir_coverages)) AS last_day
),
periods AS (
    SELECT c.*, greatest(c.start, DATE '1965-07-01') AS first_day,
        CASE WHEN c.finish IS NULL OR year(c.finish) > coalesce(year(k.last_day) + 1, 2100)
             THEN greatest(k.last_day, c.start) ELSE c.finish END AS last_day
    FROM fhir_coverages c CROSS JOIN clock k
    WHERE c.person IS NOT NULL AND c.start IS NOT NULL AND coalesce(c.finish, c.start) >= c.start AND year(c.start) BETWEEN 1900 AND 2200
),
months AS (
    SELECT DISTINCT p.person, p.part, p.dual, p.subsidy, p.reason, p.esrd, p.medicare_status, p.source,
        CAST(unnest(generate_series(date_trunc('month', p.first_day), date_trunc('month', p.last_day), INTERVAL 1 MONTH)) AS DATE) AS month
    FROM periods p
),
dated AS (  -- by what is said of each month of a year (Medicare's enrollment file)
    SELECT person, year, min(source) AS source,
        count(DISTINCT CASE WHEN what = 'buy-in' AND code IN ('1', '2', '3', 'A', 'B', 'C') THEN month END) AS enrolled,
        count(DISTINCT CASE WHEN what = 'buy-in' AND code IN ('2', '3', 'B', 'C') THEN month END) AS part_b,
        count(DISTINCT CASE WHEN what = 'part d' AND code NOT IN ('N', '0', 'X', '*', 'NULL') THEN month END) AS part_d,
        count(DISTINCT CASE WHEN what = 'part c' AND code NOT IN ('N', '0', 'X', '*', 'NULL') THEN month
            WHEN what = 'plan' AND code IN ('1', '2', 'A', 'B', 'C') THEN month END) AS plan,
        count(DISTINCT CASE WHEN what = 'subsidy' AND regexp_full_match(code, '0[1-8]') THEN month END) AS subsidy,
        max(what = 'buy-in') AS has_buy_in, max(what = 'part d') AS has_part_d, max(what IN ('part c', 'plan')) AS has_plan,
        max(what = 'subsidy') AS has_subsidy,
        arg_max(code, month) FILTER (WHERE what = 'dual' AND regexp_full_match(code, '0[0-9]|NA')) AS dual
    FROM fhir_statuses WHERE person IS NOT NULL
    GROUP BY person, year
),
spans AS (
    SELECT person, year(month) AS year, min(source) AS source, count(DISTINCT month) AS enrolled,
        count(DISTINCT CASE WHEN part = 'B' THEN month END) AS part_b, count(DISTINCT CASE WHEN part = 'D' THEN month END) AS part_d,
        count(DISTINCT CASE WHEN part = 'C' THEN month END) AS plan,
        count(DISTINCT CASE WHEN subsidy IN ('Y', 'L', 'D') THEN month END) AS subsidy, bool_or(part IN ('A', 'B')) AS has_parts,
        bool_or(part = 'D') AS has_part_d, bool_or(part = 'C') AS has_plan, bool_or(subsidy IS NOT NULL) AS has_subsidy,
        arg_max(dual, month) FILTER (WHERE regexp_full_match(dual, '0[0-9]|NA')) AS dual
    FROM months GROUP BY 1, 2
),
facts AS (
    SELECT person, arg_max(reason, coalesce(year, 0)) FILTER (WHERE reason IN ('0', '1', '2', '3')) AS reason,
        bool_or(esrd IN ('Y', '1') OR medicare_status IN ('11', '21', '31')) AS esrd
    FROM fhir_coverages GROUP BY person
),
served AS (
    SELECT h.person_id AS person, year(coalesce(h.start, h.finish)) AS year, min(h.source) AS source
    FROM fhir_headers h
    JOIN fhir_persons p ON p.person = h.person_id
    WHERE coalesce(h.start, h.finish) IS NOT NULL
    GROUP BY 1, 2
),
years AS (
    SELECT person, year, min(source) AS source
    FROM (SELECT person, year, source FROM dated UNION ALL SELECT person, year, source FROM spans UNION ALL SELECT * FROM served) x
    WHERE person IS NOT NULL AND year IS NOT NULL
    GROUP BY person, year
)
SELECT
    y.person AS person_id, CAST(y.year AS INTEGER) AS year, p.birth_date, p.death_date, p.sex, p.state,
    coalesce(d.dual, s.dual) AS dual_status_code, f.reason AS original_reason_entitlement_code, f.esrd,
    CAST(CASE WHEN d.has_buy_in THEN d.enrolled ELSE s.enrolled END AS INTEGER) AS enrolled_months,
    CAST(CASE WHEN d.has_buy_in THEN d.part_b WHEN s.has_parts THEN s.part_b END AS INTEGER) AS part_b_months,
    CAST(CASE WHEN d.has_part_d THEN d.part_d WHEN s.has_part_d THEN s.part_d END AS INTEGER) AS part_d_months,
    CAST(CASE WHEN d.has_plan THEN d.plan WHEN s.has_plan THEN s.plan END AS INTEGER) AS medicare_advantage_months,
    CAST(CASE WHEN d.has_subsidy THEN d.subsidy WHEN s.has_subsidy THEN s.subsidy END AS INTEGER) AS low_income_months,
    y.source AS _source
FROM years y
LEFT JOIN dated d ON d.person = y.person AND d.year = y.year
LEFT JOIN spans s ON s.person = y.person AND s.year = y.year
LEFT JOIN facts f ON f.person = y.person
LEFT JOIN fhir_persons p ON p.person = y.person
WHERE NOT EXISTS (SELECT 1 FROM {members} m WHERE m.person_id = y.person AND m.year = y.year)
