-- One row per person and rule whose service the person had in the year, on a day on which the rule holds: on how many
-- claims and days, with which code, when.
SELECT v.person_id, r.rule, count(DISTINCT v.claim_id) AS claims, count(DISTINCT v.service_date) AS days,
       min(v.code) AS code, min(v.service_date) AS first_date, max(v.service_date) AS last_date
FROM gap_services v
JOIN gap_rule_codes r ON r.system = v.system AND r.code = v.code
 AND v.service_date BETWEEN r.effective_from AND r.effective_to
GROUP BY v.person_id, r.rule
