-- One row per person: the parts of his score and their sum.
SELECT
    p.person, p.kind, p.segment,
    coalesce(t.demographic, 0) AS demographic, coalesce(t.disease, 0) AS disease, coalesce(t.drug, 0) AS drug,
    coalesce(t.interaction, 0) AS interaction, coalesce(t.counted, 0) AS counted, coalesce(a.hccs, 0) AS hccs,
    CAST(coalesce(t.whole, 0) AS DOUBLE) AS raw
FROM {people} AS p
LEFT JOIN (
    SELECT person,
           sum(CASE WHEN part = 1 THEN value END) AS demographic, sum(CASE WHEN part = 2 THEN value END) AS disease,
           sum(CASE WHEN part = 3 THEN value END) AS drug, sum(CASE WHEN part = 4 THEN value END) AS interaction,
           sum(CASE WHEN part = 5 THEN value END) AS counted, sum(value) AS whole
    FROM {terms} GROUP BY person
) AS t ON t.person = p.person
LEFT JOIN {had} AS a ON a.person = p.person
