-- One row per line and modifier that an indicator of these kinds rules out, or pays upon documents alone.
SELECT claim_id, claim_line_number, hcpcs_code || ' ' || modifier AS codes,
    'modifier ' || modifier || ' does not go with ' || hcpcs_code || ': ' || why AS message,
    replace(indicator, '_', ' ') || ' indicator ' || value AS evidence,
    'physician fee schedule ' || release AS release, effective_from AS effective_date, verdict = 'never' AS is_certain
FROM rule_indicators
WHERE indicator IN ({indicators})
