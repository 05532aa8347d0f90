-- One row per edit whose two codes are both on the lines: of two million a few thousand. Indicator 9 is inactive.
WITH codes AS MATERIALIZED (SELECT DISTINCT hcpcs_code FROM rule_services)
SELECT e.column_1, e.column_2, e.modifier_indicator, e.setting, e.release, e.effective_from,
    coalesce(e.effective_from, DATE '0001-01-01') AS first_day, coalesce(e.effective_to, DATE '9999-12-31') AS last_day
FROM release_ncci_ptp e
WHERE e.modifier_indicator IN ('0', '1')
    AND e.column_1 IN (SELECT hcpcs_code FROM codes)
    AND e.column_2 IN (SELECT hcpcs_code FROM codes)
