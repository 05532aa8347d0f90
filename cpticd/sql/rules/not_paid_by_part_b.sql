-- One row per line whose procedure has a limit of no unit: Part B does not pay it in this setting.
SELECT claim_id, claim_line_number, hcpcs_code AS codes,
    'Part B does not pay ' || hcpcs_code || ' in this setting' AS message,
    'limit 0 (' || setting || '); adjudication indicator ' || adjudication_indicator AS evidence,
    'NCCI units ' || release AS release, effective_from AS effective_date
FROM rule_limited
WHERE most = 0 AND units > 0
