-- One row per line of a service whose code, or product, is for another age. Ages are completed years, months or days on
-- the day of service; a person whose birth is not known is not judged.
WITH aged AS (
    SELECT l.claim_id, l.claim_line_number, l.hcpcs_code, l.service_date, l.birth_date, t.unit, t.least, t.most, t.kind,
        t.service, t.source, CASE t.unit
            WHEN 'years' THEN l.age
            WHEN 'months' THEN date_diff('month', l.birth_date, l.service_date)
                - CASE WHEN day(l.service_date) < day(l.birth_date) THEN 1 ELSE 0 END
            ELSE date_diff('day', l.birth_date, l.service_date) END AS age
    FROM rule_lines l
    JOIN (SELECT c.hcpcs_code, t.* FROM rule_billed_codes c JOIN table_service_ages t ON {within}) t
        ON t.hcpcs_code = l.hcpcs_code
    WHERE l.birth_date IS NOT NULL AND l.service_date >= l.birth_date
)
SELECT claim_id, claim_line_number, hcpcs_code AS codes,
    hcpcs_code || ' (' || service || ') is for ' || CASE
        WHEN least IS NULL THEN 'at most ' || most || ' completed ' || unit
        WHEN most IS NULL THEN least || ' ' || unit || ' and over'
        ELSE least || ' to ' || most || ' completed ' || unit END || '; the patient was ' || age AS message,
    'born on ' || strftime(birth_date, '%Y-%m-%d') || '; age ' || age || ' ' || unit AS evidence,
    'service_ages, ' || source AS release, CAST(NULL AS DATE) AS effective_date, kind = 'definition' AS is_certain
FROM aged
WHERE age < least OR age > most
