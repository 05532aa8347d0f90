-- One row per person, rule, claim and code whose service speaks for a condition.
SELECT DISTINCT v.person_id, r.rule, v.claim_id, v.service_date AS claim_date, v.code
FROM gap_services v
JOIN gap_rule_codes r ON r.system = v.system AND r.code = v.code
 AND v.service_date BETWEEN r.effective_from AND r.effective_to
