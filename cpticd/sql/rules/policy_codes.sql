-- One row per policy for a procedure on the lines, and diagnosis on the claims that it covers, or does not cover.
SELECT DISTINCT c.document, c.version, c.role, CAST(coalesce(c.code_group, 0) AS INTEGER) AS code_group,
    d.diagnosis_code, d.written, c.effective_from, c.effective_to
FROM release_coverage c
SEMI JOIN rule_policies p ON p.document = c.document AND p.version = c.version
JOIN rule_codes d ON d.diagnosis_code = upper(replace(c.code, '.', ''))
WHERE c.role IN ('covered', 'not covered')
