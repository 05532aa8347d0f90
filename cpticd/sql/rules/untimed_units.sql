-- One row per line with more than one unit of a therapy service that is one a day, whatever it took.
SELECT claim_id, claim_line_number, hcpcs_code AS codes,
    printf('%g units of %s, which is one a day whatever it took', units, hcpcs_code) AS message,
    printf('units %g', units) AS evidence, 'therapy_services, ' || source AS release, effective_from AS effective_date
FROM rule_therapy
WHERE minutes = 0 AND units > 1
