-- One row per policy for a procedure on the lines: whether it lists diagnoses that it covers, and some that it does not.
SELECT c.document, c.version, max(CASE WHEN c.role = 'covered' THEN 1 ELSE 0 END) = 1 AS has_covered,
    max(CASE WHEN c.role = 'not covered' THEN 1 ELSE 0 END) = 1 AS has_not_covered
FROM release_coverage c
SEMI JOIN rule_policies p ON p.document = c.document AND p.version = c.version
GROUP BY c.document, c.version
