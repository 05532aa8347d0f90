-- One row per line and rule that it breaks; of a claim without lines, the rules that the claim breaks.
SELECT e.line, f.rule, f.decides, f.mild
FROM prebill_lines e
JOIN rule_flags f ON f.claim_id = e.claim_id AND f.claim_line_number = e.claim_line_number
UNION ALL
SELECT e.line, f.rule, f.decides, f.mild
FROM prebill_lines e
JOIN rule_findings f ON f.claim_id = e.claim_id AND f.claim_line_number IS NULL
WHERE e.claim_line_number IS NULL
ORDER BY 1, 2
