-- One row per person: the parts of the score and its sum.
WITH opened AS (
    SELECT segment, factors, sum(value) AS value FROM {opened} GROUP BY segment, factors
),
demographic AS (
    SELECT kind, sum(value) AS value FROM terms GROUP BY kind
)
SELECT
    p.person, p.kind, p.segment, d.value AS demographic, p.disease, coalesce(o.value, 0) AS interaction, p.counted, p.hccs,
    CAST(d.value + p.disease + coalesce(o.value, 0) + p.counted AS DOUBLE) AS raw
FROM {parts} AS p
JOIN demographic AS d ON d.kind = p.kind
LEFT JOIN opened AS o ON o.segment = p.segment AND o.factors = p.factors
