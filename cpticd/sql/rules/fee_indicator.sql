-- One row per code and stretch of days: its {indicator} indicator.
SELECT code, '{indicator}' AS indicator, trim({indicator}) AS value, release, effective_from,
    coalesce(effective_from, DATE '0001-01-01') AS first_day, coalesce(effective_to, DATE '9999-12-31') AS last_day
FROM release_fee_schedule
WHERE coalesce(modifier, '') = '' AND code IN (SELECT hcpcs_code FROM rule_billed_codes)
