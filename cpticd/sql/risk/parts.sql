-- One row per person: the parts of his score that depend on HCCs, and the factors that open interactions.
SELECT
    p.person, p.kind, p.segment,
    coalesce(t.disease, 0) AS disease, coalesce(c.value, 0) AS counted, coalesce(t.hccs, 0) AS hccs,
    CASE WHEN t.factors IS NOT NULL THEN t.factors | p.flags END AS factors
FROM {people} AS p
LEFT JOIN {totals} AS t ON t.person = p.person
LEFT JOIN hcc_counts AS c ON c.segment = p.segment AND c.hccs = t.hccs
