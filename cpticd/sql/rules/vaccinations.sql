-- One row per line with a vaccine, or with giving one.
SELECT s.claim_id, s.claim_line_number, s.claim_group, s.is_superseded, s.person, s.hcpcs_code,
    s.service_date, t.role
FROM rule_services s
JOIN (SELECT c.hcpcs_code, t.role FROM rule_billed_codes c JOIN table_vaccine_codes t ON {within}
      WHERE length(c.hcpcs_code) = 5) t ON t.hcpcs_code = s.hcpcs_code
