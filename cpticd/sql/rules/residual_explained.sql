-- One row per denied line with an error or warning whose rule has the denial's root cause. A rule that the table of
-- categories does not know explains any.
SELECT DISTINCT f.claim_id, f.claim_line_number
FROM rule_flags f
JOIN line_outcomes o ON o.claim_id = f.claim_id AND o.claim_line_number = f.claim_line_number
LEFT JOIN residual_related m ON m.rule = f.rule AND m.category = o.denial_category
LEFT JOIN (SELECT DISTINCT rule FROM residual_related) k ON k.rule = f.rule
WHERE f.decides = 1 AND o.initial_outcome = 'denied' AND (m.rule IS NOT NULL OR k.rule IS NULL)
