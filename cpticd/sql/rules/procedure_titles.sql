-- One row per HCPCS Level II code on the lines that a release has: its latest title.
SELECT code, max_by(title, coalesce(effective_from, DATE '0001-01-01')) AS title
FROM {release}
WHERE code IN (SELECT hcpcs_code FROM rule_lines) AND title IS NOT NULL AND title <> ''
GROUP BY code
