-- One row per line that says what an earlier line of its claim says, and has no modifier that says why.
-- It is certain where units and charge are the same too.
WITH placed AS (
    SELECT claim_id, claim_line_number, hcpcs_code, modifiers, service_date,
        first_value(claim_line_number) OVER w AS first_line, first_value(units) OVER w = units
            AND first_value(charge) OVER w = charge AND setting = 'practitioner' AS is_certain
    FROM rule_billed
    WHERE NOT is_repeat
    WINDOW w AS (PARTITION BY claim_id, hcpcs_code, modifiers, service_date, service_end_date, clinician, place, revenue, ndc ORDER BY claim_line_number)
)
SELECT claim_id, claim_line_number, concat_ws(' ', hcpcs_code, nullif(modifiers, '')) AS codes,
    'the line says the same as line ' || first_line || CASE WHEN is_certain THEN '' ELSE ', but for units or charge' END
        || ', and no modifier says that the service was repeated' AS message,
    'line ' || first_line || '; ' || hcpcs_code || ' on ' || strftime(service_date, '%Y-%m-%d') AS evidence,
    '' AS release, CAST(NULL AS DATE) AS effective_date, is_certain
FROM placed
WHERE claim_line_number <> first_line
