-- One row per line of a day before the patient was born.
SELECT claim_id, claim_line_number, coalesce(hcpcs_code, '') AS codes,
    'the service is of a day before the patient was born' AS message,
    'service on ' || strftime(service_date, '%Y-%m-%d') || '; born on ' || strftime(birth_date, '%Y-%m-%d') AS evidence,
    '' AS release, CAST(NULL AS DATE) AS effective_date
FROM rule_lines
WHERE service_date < birth_date
