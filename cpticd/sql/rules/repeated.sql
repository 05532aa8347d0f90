-- One row per person (the claim stands for one that is not known), procedure and day of more than one line.
SELECT person, hcpcs_code, service_date
FROM rule_services
GROUP BY person, hcpcs_code, service_date
HAVING count(*) > 1
