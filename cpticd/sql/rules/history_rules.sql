-- One row per rule and payer: adjudicated lines that broke the rule, of which denied.
SELECT f.rule, o.payer, count(*) AS lines, sum(CASE WHEN o.initial_outcome = 'denied' THEN 1 ELSE 0 END) AS denied
FROM rule_flags f
JOIN line_outcomes o ON o.claim_id = f.claim_id AND o.claim_line_number = f.claim_line_number
WHERE o.initial_outcome IN ('paid', 'partly denied', 'denied', 'nothing paid')
GROUP BY f.rule, o.payer ORDER BY f.rule, o.payer
