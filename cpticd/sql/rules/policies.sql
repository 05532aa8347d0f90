-- One row per coverage policy, procedure on the lines that it lists, and stretch of days; payer: whose lines it judges.
SELECT DISTINCT c.document, c.version, upper(replace(c.code, '.', '')) AS procedure_code,
    CAST(coalesce(c.code_group, 0) AS INTEGER) AS procedure_group, {payer} AS payer, c.release,
    c.effective_from, c.effective_to
FROM release_coverage c
SEMI JOIN (SELECT DISTINCT hcpcs_code FROM rule_lines) l ON l.hcpcs_code = upper(replace(c.code, '.', ''))
WHERE c.role = 'procedure'
