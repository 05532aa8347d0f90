-- One row per pair and payer: distinct persons with an adjudicated line, and those for whom it is primary.
-- payer is null in the rows that count across payers: a person with two payers is one person there.
WITH seen AS (
    SELECT hcpcs_code, diagnosis_code, payer, person_id, max(CASE WHEN is_primary THEN 1 ELSE 0 END) AS is_primary
    FROM bridge
    WHERE person_id IS NOT NULL
    GROUP BY hcpcs_code, diagnosis_code, payer, person_id
),
everywhere AS (
    SELECT hcpcs_code, diagnosis_code, person_id, max(is_primary) AS is_primary
    FROM seen
    GROUP BY hcpcs_code, diagnosis_code, person_id
)
SELECT hcpcs_code, diagnosis_code, payer, count(*) AS persons, sum(is_primary) AS primary_persons
FROM seen
GROUP BY hcpcs_code, diagnosis_code, payer
UNION ALL
SELECT hcpcs_code, diagnosis_code, CAST(NULL AS VARCHAR) AS payer, count(*) AS persons, sum(is_primary) AS primary_persons
FROM everywhere
GROUP BY hcpcs_code, diagnosis_code
