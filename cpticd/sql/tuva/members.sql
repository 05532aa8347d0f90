-- One row per person and year of coverage. What is said of the person is what the latest span of the year says that says
-- it. Months are counted only where a column says of which coverage they are; a number of months that a connector gives
-- (x_part_b_months, …) holds where one span is all of the year's coverage.
WITH counted AS (
    SELECT
        person_id, year,
        {latest},
        bool_or(long_term_institutional) AS long_term_institutional, bool_or(new_enrollee) AS new_enrollee,
        bool_or(special_needs_plan) AS special_needs_plan, bool_or(esrd) AS esrd,
        count(*) = 1 AND bool_and(is_within) AS is_alone, bool_or(months_are_given) AS months_are_given,
        bit_count(bit_or(months)) AS covered,
        CASE WHEN count(hospice) > 0 THEN coalesce(bit_count(bit_or(months) FILTER (hospice)), 0) END AS in_hospice,
        CASE WHEN {advantage_is_told} AND count(payer_kind) = count(*)
             THEN coalesce(bit_count(bit_or(months) FILTER (payer_kind = 'medicare advantage')), 0) END AS in_advantage,
        {given},
        arg_min(_source, place) AS _source
    FROM covered_years
    GROUP BY person_id, year
)
SELECT
    person_id, year, birth_date, death_date, sex, state, dual_status_code, original_reason_entitlement_code,
    long_term_institutional, new_enrollee, special_needs_plan, esrd, esrd_status, graft_date,
    CAST(CASE WHEN is_alone AND months_are_given THEN enrolled_months ELSE covered END AS INTEGER) AS enrolled_months,
    CASE WHEN is_alone THEN part_b_months END AS part_b_months,
    CASE WHEN is_alone THEN part_d_months END AS part_d_months,
    CAST(coalesce(CASE WHEN is_alone THEN medicare_advantage_months END, in_advantage) AS INTEGER)
        AS medicare_advantage_months,
    CASE WHEN is_alone THEN low_income_months END AS low_income_months,
    CAST(coalesce(CASE WHEN is_alone THEN hospice_months END, in_hospice) AS INTEGER) AS hospice_months,
    _source
FROM counted c
WHERE NOT EXISTS (SELECT 1 FROM {members} m WHERE m.person_id = c.person_id AND m.year = c.year)
