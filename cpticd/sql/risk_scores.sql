-- One row per person: the parts of the score.
WITH opened AS (
    SELECT segment, factors, sum(value) AS value FROM {opened} GROUP BY segment, factors
)
SELECT
    p.person, p.segment_name, p.population, p.demographic,
    coalesce(t.disease, 0) AS disease, coalesce(o.value, 0) AS interaction, coalesce(c.value, 0) AS counted,
    coalesce(t.hccs, 0) AS hccs
FROM {people} AS p
LEFT JOIN {totals} AS t ON t.person = p.person
LEFT JOIN opened AS o ON o.segment = t.segment AND o.factors = t.factors
LEFT JOIN risk_counts AS c ON c.segment = t.segment AND c.hccs = t.hccs
