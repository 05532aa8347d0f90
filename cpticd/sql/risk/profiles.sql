-- One row per kind of person: everything that demographic terms depend on, with the names of his cells.
WITH kinds AS (
    SELECT
        kind, min(age) AS age, min(sex) AS sex, min(orec) AS orec, min(benefit) AS benefit,
        bool_and(medicaid_institutional) AS medicaid_institutional,
        bool_and(medicaid_new_enrollee) AS medicaid_new_enrollee, bool_and(institutional) AS institutional,
        bool_and(new_enrollee) AS new_enrollee, bool_and(special_needs_plan) AS special_needs_plan,
        bool_and(pace) AS pace, bool_and(esrd) AS esrd, min(status) AS status, min(graft_months) AS graft_months,
        bool_and(low_income) AS low_income, min(channel) AS channel
    FROM facts WHERE kind IS NOT NULL
    GROUP BY kind
),
segmented AS (
    SELECT
        *,
        CASE '{model}'
            WHEN 'ESRD V24' THEN CASE
                WHEN status = 'transplant' THEN 'TRANSPLANT'
                WHEN status = 'dialysis' THEN CASE WHEN new_enrollee THEN 'DNE' ELSE 'DI' END
                WHEN institutional THEN 'GI'
                WHEN new_enrollee THEN 'GNE'
                ELSE (CASE WHEN benefit = 'full' THEN 'GF' ELSE 'GNP' END) || (CASE WHEN age >= 65 THEN 'A' ELSE 'N' END)
            END
            WHEN 'RxHCC V08' THEN CASE
                WHEN institutional THEN CASE WHEN new_enrollee THEN 'Rx_NE_LTI' ELSE 'Rx_CE_LTI' END
                WHEN new_enrollee THEN CASE WHEN low_income THEN 'Rx_NE_Lo' ELSE 'Rx_NE_NoLo' END
                ELSE 'Rx_CE_' || (CASE WHEN low_income THEN 'Low' ELSE 'NoLow' END)
                    || (CASE WHEN age >= 65 THEN 'Aged' ELSE 'NoAged' END)
            END
            ELSE CASE
                WHEN institutional THEN 'INS'
                WHEN new_enrollee THEN CASE WHEN special_needs_plan THEN 'SNPNE' ELSE 'NE' END
                ELSE 'C' || (CASE benefit WHEN 'full' THEN 'F' WHEN 'partial' THEN 'P' ELSE 'N' END)
                    || (CASE WHEN age >= 65 THEN 'A' ELSE 'D' END)
            END
        END AS segment,
        CASE '{model}'
            WHEN 'ESRD V24' THEN CASE WHEN status = 'graft' THEN 'graft' ELSE 'dialysis' END
            WHEN 'RxHCC V08' THEN channel
            ELSE CASE WHEN pace THEN 'PACE' ELSE '' END
        END AS population,
        CASE sex WHEN 'female' THEN 'F' ELSE 'M' END AS letter,
        CASE sex WHEN 'female' THEN 'Female' ELSE 'Male' END AS word,
        age < 65 AND orec <> '0' AS disabled,
        age < 65 AS nonaged,
        CASE
            WHEN age <= 34 THEN '0_34' WHEN age <= 44 THEN '35_44' WHEN age <= 54 THEN '45_54'
            WHEN age <= 59 THEN '55_59' WHEN age <= 64 THEN '60_64' WHEN age <= 69 THEN '65_69'
            WHEN age <= 74 THEN '70_74' WHEN age <= 79 THEN '75_79' WHEN age <= 84 THEN '80_84'
            WHEN age <= 89 THEN '85_89' WHEN age <= 94 THEN '90_94' ELSE '95_GT'
        END AS band,
        -- Who turns 65 after February 1 and is entitled by age is a new enrollee of 65.
        CASE WHEN age = 64 AND orec = '0' THEN 65 ELSE age END AS new_age
    FROM kinds
),
banded AS (
    SELECT
        *,
        CASE
            WHEN new_age BETWEEN 65 AND 69 AND segment <> 'DNE' THEN CAST(new_age AS VARCHAR)
            WHEN new_age BETWEEN 65 AND 69 THEN '65_69'
            WHEN new_age >= 85 AND segment = 'DNE' THEN '85_GT'
            ELSE band
        END AS new_band,
        -- Dialysis asks for the code alone, the other segments for the age as well.
        orec = '1' AND (age >= 65 OR segment = 'DNE') AS new_originally_disabled,
        orec = '1' AND NOT disabled AS originally_disabled,
        segment IN ('NE', 'SNPNE', 'DNE', 'GNE', 'Rx_NE_LTI', 'Rx_NE_Lo', 'Rx_NE_NoLo') AS is_new,
        segment IN ('GFA', 'GFN', 'GNPA', 'GNPN', 'GI', 'GNE') AS is_graft,
        CASE WHEN graft_months >= 10 THEN 'DUR10PL' ELSE 'DUR4_9' END AS duration
    FROM segmented
)
SELECT
    kind, age, sex, orec, benefit, medicaid_institutional, institutional, population, letter, word, disabled, nonaged,
    new_age, originally_disabled, is_new, is_graft, duration,
    -- Where CMS calibrated a model by kind of plan, its segments have their kind.
    segment || {edition} AS segment,
    CASE
        WHEN segment = 'TRANSPLANT' THEN 'KIDNEY_ONLY_' || CAST(graft_months AS VARCHAR) || 'M'
        WHEN NOT is_new THEN letter || band
        WHEN '{model}' = 'RxHCC V08' THEN (CASE WHEN esrd THEN 'ESRD_' ELSE 'NESRD_' END)
            || (CASE WHEN new_originally_disabled THEN 'ORIGDIS_X_' ELSE 'NORIGDIS_X_' END) || letter || new_band
        WHEN '{model}' = 'ESRD V24' THEN (CASE WHEN benefit = 'full' THEN 'FBD_' ELSE 'ND_PBD_' END)
            || (CASE WHEN new_originally_disabled THEN 'ORIGDIS_NE' ELSE 'NORIGDIS_NE' END) || letter || new_band
        ELSE (CASE WHEN medicaid_new_enrollee THEN 'MCAID_' ELSE 'NMCAID_' END)
            || (CASE WHEN new_originally_disabled THEN 'ORIGDIS_NE' ELSE 'NORIGDIS_NE' END) || letter || new_band
    END AS cell
FROM banded
