-- One row per distinct set of facts about members (numbered in person_id): cleaned, one number for all that matters
-- (kind), and why such a person cannot be scored (problem).
WITH cleaned AS (
    SELECT
        person_id,
        -- CMS counts completed years on February 1 of the payment year; a birth after it is age 0.
        CASE
            WHEN age IS NOT NULL THEN CAST(floor(age) AS INTEGER)
            WHEN birth_date IS NULL THEN NULL
            ELSE greatest(
                {payment_year} - CAST(year(birth_date) AS INTEGER)
                - CASE WHEN month(birth_date) * 100 + day(birth_date) > 201 THEN 1 ELSE 0 END, 0)
        END AS given_age,
        birth_date,
        CASE
            WHEN lower(sex) IN ('female', 'f', '2') THEN 'female'
            WHEN lower(sex) IN ('male', 'm', '1') THEN 'male'
        END AS sex,
        sex AS given_sex,
        CASE
            WHEN dual_status_code IS NULL THEN 'NA'
            WHEN length(dual_status_code) = 1 THEN '0' || dual_status_code
            ELSE dual_status_code
        END AS dual_status_code,
        original_reason_entitlement_code AS given_orec,
        coalesce(long_term_institutional, false) AS institutional,
        coalesce(new_enrollee, '{model}' <> 'ESRD V24' AND part_b_months < 12, false) AS new_enrollee,
        coalesce(special_needs_plan, false) AS special_needs_plan,
        coalesce(pace, '{model}' = 'V22') AS pace, '{model}' = 'V22' AND pace IS NULL AS pace_assumed,
        '{model}' IN ('ESRD V24', 'RxHCC V08') AND coalesce(pace, FALSE) AS pace_current,
        coalesce(esrd, false) AS esrd,
        CASE lower(esrd_status) WHEN 'functioning graft' THEN 'graft' ELSE lower(esrd_status) END AS esrd_status,
        CAST(floor(graft_months) AS INTEGER) AS graft_months,
        coalesce(low_income_subsidy, false) AS low_income,
        upper(coalesce(part_d_channel, 'MA-PD')) AS channel,
        {reason} AS outside,
        coalesce(part_b_months, later_part_b_months) IS NULL AS months_assumed
    FROM facts_in
),
completed AS (
    SELECT
        *,
        -- Without a code CMS's programs neither count an aged person as originally disabled nor a younger one as
        -- entitled by age.
        coalesce(given_orec, CASE WHEN given_age >= 65 THEN '0' ELSE '1' END) AS orec,
        coalesce(esrd_status, CASE WHEN graft_months IS NULL THEN 'dialysis'
                                   WHEN graft_months <= 3 THEN 'transplant' ELSE 'graft' END) AS status
    FROM cleaned
),
numbered AS (
    SELECT
        CAST(c.person_id AS INTEGER) AS fact,
        CASE WHEN '{model}' = 'V24' AND c.given_age = 64 AND c.given_orec = '0' THEN 65 ELSE c.given_age END AS age,
        c.sex, c.orec, d.benefit, d.medicaid_institutional, d.medicaid_new_enrollee,
        c.institutional, c.new_enrollee, c.special_needs_plan, c.pace, c.esrd, c.status,
        -- From the tenth month on nothing changes.
        CASE WHEN c.graft_months > 10 THEN 10 ELSE coalesce(c.graft_months, 0) END AS graft_months,
        c.low_income, c.channel,
        CASE
            WHEN c.outside IS NOT NULL THEN c.outside
            WHEN year(c.birth_date) > {payment_year}
                THEN 'birth_date: after the payment year: ' || CAST(c.birth_date AS VARCHAR)
            WHEN c.given_age IS NULL THEN 'age: neither age nor birth_date is known'
            WHEN c.given_age NOT BETWEEN 0 AND 120 THEN 'age: outside 0-120: ' || CAST(c.given_age AS VARCHAR)
            WHEN c.sex IS NULL THEN 'sex: the model has coefficients for female and male only; found '
                || coalesce(c.given_sex, 'none')
            WHEN d.dual_status_code IS NULL THEN 'dual_status_code: no such code: ' || c.dual_status_code
            WHEN c.orec NOT IN ('0', '1', '2', '3') THEN 'original_reason_entitlement_code: not 0-3: ' || c.orec
            WHEN '{model}' = 'ESRD V24' AND c.status NOT IN ('dialysis', 'transplant', 'graft')
                THEN 'esrd_status: not dialysis, transplant or graft: ' || c.status
            WHEN '{model}' = 'ESRD V24' AND c.status = 'transplant'
                AND (c.graft_months IS NULL OR c.graft_months NOT BETWEEN 1 AND 3)
                THEN 'graft_months: 1, 2 or 3 are paid as a transplant; found '
                    || coalesce(CAST(c.graft_months AS VARCHAR), 'none')
            WHEN '{model}' = 'ESRD V24' AND c.status = 'graft' AND (c.graft_months IS NULL OR c.graft_months < 4)
                THEN 'graft_months: a functioning graft is paid from month 4; found '
                    || coalesce(CAST(c.graft_months AS VARCHAR), 'none')
            WHEN '{model}' = 'RxHCC V08' AND c.channel NOT IN ('MA-PD', 'PDP')
                THEN 'part_d_channel: not MA-PD or PDP: ' || c.channel
        END AS problem,
        c.given_orec IS NULL AS orec_assumed, c.months_assumed, c.pace_assumed, c.pace_current
    FROM completed AS c
    LEFT JOIN dual_codes AS d ON d.dual_status_code = c.dual_status_code
)
SELECT
    *,
    CASE WHEN problem IS NULL THEN
        age + 128 * (CASE sex WHEN 'female' THEN 1 ELSE 0 END) + 256 * CAST(orec AS BIGINT)
        + 1024 * (CASE benefit WHEN 'full' THEN 2 WHEN 'partial' THEN 1 ELSE 0 END)
        + 4096 * CAST(medicaid_institutional AS BIGINT) + 8192 * CAST(medicaid_new_enrollee AS BIGINT)
        + 16384 * CAST(institutional AS BIGINT) + 32768 * CAST(new_enrollee AS BIGINT)
        + 65536 * CAST(special_needs_plan AS BIGINT) + 131072 * CAST(esrd AS BIGINT)
        + 262144 * (CASE status WHEN 'graft' THEN 2 WHEN 'transplant' THEN 1 ELSE 0 END)
        + 1048576 * CAST(graft_months AS BIGINT) + 16777216 * CAST(low_income AS BIGINT)
        + 33554432 * (CASE channel WHEN 'PDP' THEN 1 ELSE 0 END) + 67108864 * CAST(pace AS BIGINT)
    END AS kind
FROM numbered
