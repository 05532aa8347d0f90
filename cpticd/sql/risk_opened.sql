-- One row per segment, set of factors and interaction that the set opens.
WITH met AS (SELECT DISTINCT segment, factors FROM {totals})
SELECT m.segment, m.factors, t.term, t.value
FROM met AS m
JOIN risk_interactions AS t ON t.segment = m.segment AND (m.factors & t.need) = t.need
