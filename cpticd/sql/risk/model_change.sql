-- One row per person and condition: HCCs that the same codes are in two models, what is paid of them, and why not.
-- sides: one row per HCC of a person in one of the models; coded: one row per code of a condition.
WITH gathered AS (
    SELECT
        person, condition,
        string_agg(CASE WHEN side = 'from' THEN hcc END, ', ' ORDER BY number) AS from_hccs,
        string_agg(CASE WHEN side = 'to' THEN hcc END, ', ' ORDER BY number) AS to_hccs,
        string_agg(CASE WHEN side = 'from' AND kept THEN hcc END, ', ' ORDER BY number) AS from_paid,
        string_agg(CASE WHEN side = 'to' AND kept THEN hcc END, ', ' ORDER BY number) AS to_paid,
        string_agg(CASE WHEN side = 'from' AND NOT kept THEN removed_by END, '; ' ORDER BY number) AS from_removed_by,
        string_agg(CASE WHEN side = 'to' AND NOT kept THEN removed_by END, '; ' ORDER BY number) AS to_removed_by,
        max(CASE WHEN side = 'from' AND kept THEN neighbours ELSE 0 END) AS from_neighbours,
        max(CASE WHEN side = 'to' AND kept THEN neighbours ELSE 0 END) AS to_neighbours,
        sum(CASE WHEN side = 'from' THEN value ELSE 0 END) AS from_raw,
        sum(CASE WHEN side = 'to' THEN value ELSE 0 END) AS to_raw
    FROM sides
    GROUP BY person, condition
),
codes AS (
    SELECT person, condition,
           string_agg(DISTINCT diagnosis_code, ', ' ORDER BY diagnosis_code) AS diagnosis_codes,
           string_agg(DISTINCT CASE WHEN to_hcc IS NULL THEN diagnosis_code END, ', ' ORDER BY
                CASE WHEN to_hcc IS NULL THEN diagnosis_code END) AS codes_lost,
           string_agg(DISTINCT CASE WHEN from_hcc IS NULL THEN diagnosis_code END, ', ' ORDER BY
                CASE WHEN from_hcc IS NULL THEN diagnosis_code END) AS codes_gained
    FROM coded
    GROUP BY person, condition
)
SELECT
    g.person, coalesce(g.from_hccs, '') AS from_hccs, coalesce(g.to_hccs, '') AS to_hccs,
    coalesce(c.diagnosis_codes, '') AS diagnosis_codes, coalesce(c.codes_lost, '') AS codes_lost,
    coalesce(c.codes_gained, '') AS codes_gained, g.from_raw, g.to_raw,
    CASE
        WHEN g.to_hccs IS NULL THEN 'no longer mapped'
        WHEN g.from_hccs IS NULL THEN 'newly mapped'
        WHEN g.from_paid IS NULL AND g.to_paid IS NULL THEN 'in neither paid'
        WHEN g.from_paid IS NULL OR g.to_paid IS NULL THEN 'hierarchy'
        WHEN g.from_hccs LIKE '%,%' AND g.to_hccs LIKE '%,%' THEN 'regrouped'
        WHEN g.to_hccs LIKE '%,%' THEN 'split'
        WHEN g.from_hccs LIKE '%,%' THEN 'merged'
        WHEN g.to_neighbours > g.from_neighbours THEN 'constrained weights'
        ELSE 'other weight'
    END AS reason,
    CASE WHEN g.from_paid IS NULL AND g.from_hccs IS NOT NULL THEN g.from_removed_by END AS from_removed_by,
    CASE WHEN g.to_paid IS NULL AND g.to_hccs IS NOT NULL THEN g.to_removed_by END AS to_removed_by
FROM gathered AS g
LEFT JOIN codes AS c ON c.person = g.person AND c.condition = g.condition
