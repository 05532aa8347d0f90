-- One row per result that a rule can read: of the measurement year and the two years before it, in a unit
-- that the rule knows (or without one), with the interval that the value is known to lie in.
SELECT DISTINCT o.person_id, c.rule, o.observation_date, o.code, o.value, o.comparator,
       CASE WHEN o.comparator IN ('<', '<=') THEN -1e10 WHEN o.comparator = '>' THEN CAST(o.value AS DOUBLE) + 0.0005
            ELSE CAST(o.value AS DOUBLE) END AS low,
       CASE WHEN o.comparator IN ('>', '>=') THEN 1e10 WHEN o.comparator = '<' THEN CAST(o.value AS DOUBLE) - 0.0005
            ELSE CAST(o.value AS DOUBLE) END AS high,
       year(o.observation_date) = s.year AS is_now
FROM observations o
JOIN asked s ON year(o.observation_date) BETWEEN s.year - 2 AND s.year
JOIN observed_codes c
  ON c.code = o.code AND c.code_system = coalesce(o.code_system, 'loinc')
 AND (c.unit = '' OR o.unit IS NULL OR c.unit = regexp_replace(lower(o.unit), '[^a-z0-9%/.]', '', 'g'))
JOIN observed_rules r ON r.rule = c.rule AND o.observation_date BETWEEN r.effective_from AND r.effective_to
WHERE o.value IS NOT NULL
