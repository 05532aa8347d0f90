-- One row per group and root cause: sums over rows, claims and persons of what is of the cause (part), squared and times
-- the whole of the group's in the same claim or person.
WITH of_claims AS MATERIALIZED (
    SELECT {columns} category, claim_id, sum(part) AS part, sum(part * part) AS part_part
    FROM {rows}
    GROUP BY {columns} category, claim_id
),
of_persons AS (
    SELECT {columns} category, of_person, CASE WHEN of_person IS NULL THEN claim_id END AS of_nobody, sum(part) AS part
    FROM of_claims
    LEFT JOIN (SELECT claim_id AS of_claim, person_id AS of_person FROM claims) whose ON of_claim = claim_id
    GROUP BY {columns} category, of_person, CASE WHEN of_person IS NULL THEN claim_id END
),
clusters AS (
    SELECT {columns} category, part, part_part, 1 AS is_claim, sum(part) OVER (PARTITION BY {columns} claim_id) AS whole
    FROM of_claims
    UNION ALL
    SELECT {columns} category, part, 0 AS part_part, 0 AS is_claim,
        sum(part) OVER (PARTITION BY {columns} of_person, of_nobody) AS whole
    FROM of_persons
)
SELECT {columns} category, sum(is_claim * part) AS part, sum(part_part) AS part_part,
    sum(is_claim * part * part) AS claim_part_part, sum(is_claim * part * whole) AS claim_part_whole,
    sum((1 - is_claim) * part * part) AS person_part_part, sum((1 - is_claim) * part * whole) AS person_part_whole
FROM clusters
GROUP BY {columns} category
