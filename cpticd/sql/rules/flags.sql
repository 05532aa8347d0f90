-- One row per rule and line that it flags; a finding about a claim as a whole speaks for every line of it.
SELECT f.rule, l.claim_id, l.claim_line_number, max(f.decides) AS decides, min(f.mild) AS mild
FROM (
    SELECT f.rule, f.claim_id, f.claim_line_number AS line, f.decides, f.mild
    FROM rule_findings f WHERE f.claim_line_number IS NOT NULL
    UNION ALL
    SELECT f.rule, f.claim_id, l.claim_line_number AS line, f.decides, f.mild
    FROM rule_findings f JOIN lines l ON l.claim_id = f.claim_id
    WHERE f.claim_line_number IS NULL
) f
JOIN lines l ON l.claim_id = f.claim_id AND l.claim_line_number = f.line
GROUP BY f.rule, l.claim_id, l.claim_line_number
