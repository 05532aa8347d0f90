-- Tuva's eligibility: one span per person and year, from January on, for as many months as the year has coverage; the
-- whole year where that is not known. Columns that begin with x_ are those of members that Tuva has not.
SELECT
    person_id, person_id AS member_id, CAST(NULL AS VARCHAR) AS subscriber_id, sex AS gender, CAST(NULL AS VARCHAR) AS race,
    birth_date, death_date, CAST(CASE WHEN death_date IS NULL THEN 0 ELSE 1 END AS INTEGER) AS death_flag,
    make_date(year, 1, 1) AS enrollment_start_date,
    CAST(make_date(year, 1, 1) + to_months(greatest(coalesce(enrolled_months, 12), 1)) - INTERVAL 1 DAY AS DATE)
        AS enrollment_end_date,
    coalesce(p.payer, 'unknown') AS payer, p.payer_type, CAST(NULL AS VARCHAR) AS plan,
    original_reason_entitlement_code, dual_status_code,
    CAST(NULL AS VARCHAR) AS medicare_status_code,
    CASE WHEN new_enrollee THEN 'New' WHEN NOT new_enrollee THEN 'Continuing' END AS enrollment_status,
    CAST(NULL AS INTEGER) AS hospice_flag, CAST(special_needs_plan AS INTEGER) AS institutional_snp_flag,
    CAST(long_term_institutional AS INTEGER) AS long_term_institutional_flag,
    state, 'cpticd' AS data_source,
    enrolled_months AS x_enrolled_months, part_b_months AS x_part_b_months, part_d_months AS x_part_d_months,
    medicare_advantage_months AS x_medicare_advantage_months, low_income_months AS x_low_income_months,
    hospice_months AS x_hospice_months, esrd AS x_esrd, esrd_status AS x_esrd_status, graft_date AS x_graft_date
FROM members m
LEFT JOIN (  -- who pays most of the person's claims of the year, where there are some
    SELECT person_id, year, arg_max(payer, (n, payer)) AS payer, arg_max(payer_type, (n, payer)) AS payer_type
    FROM (
        SELECT
            person_id, year(claim_start_date) AS year, payer, count(*) AS n,
            min(CASE WHEN payer_kind LIKE 'medicare%' THEN 'medicare'
                     WHEN payer_kind IN ('medicaid', 'commercial') THEN payer_kind END) AS payer_type
        FROM claims
        WHERE payer IS NOT NULL
        GROUP BY person_id, year(claim_start_date), payer
    )
    GROUP BY person_id, year
) p USING (person_id, year)
ORDER BY person_id, year
