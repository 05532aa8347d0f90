-- One row per pair, payer and cause of initially denied lines.
SELECT hcpcs_code, diagnosis_code, payer, is_primary, denial_category, denial_carc, count(*) AS denied_lines
FROM bridge
WHERE is_denied
GROUP BY hcpcs_code, diagnosis_code, payer, is_primary, denial_category, denial_carc
