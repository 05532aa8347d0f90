-- One row per segment, set of factors and interaction that the set opens.
SELECT m.segment, m.factors, t.term, t.value
FROM (SELECT DISTINCT segment, factors FROM {parts} WHERE factors IS NOT NULL) AS m
JOIN interactions AS t ON t.segment = m.segment AND (m.factors & t.need) = t.need
