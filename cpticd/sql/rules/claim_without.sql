-- One row per claim that has no row in {table}, of a source and type of claim that has some. A claim that takes another
-- one back (frequency 8) needs no more than its number.
WITH sources AS (
    SELECT DISTINCT coalesce(c.data_source, '') AS data_source, c.claim_type
    FROM rule_claims c
    SEMI JOIN {table} t ON t.claim_id = c.claim_id
),
without AS (
    SELECT c.claim_id, c.claim_type, c.data_source, c.service_date
    FROM rule_claims c
    ANTI JOIN {table} t ON t.claim_id = c.claim_id
)
SELECT c.claim_id, CAST(NULL AS INTEGER) AS claim_line_number, '' AS codes, '{message}' AS message,
    concat('claim of ', coalesce(CAST(c.service_date AS VARCHAR), 'an unknown day')) AS evidence,
    '' AS release, CAST(NULL AS DATE) AS effective_date
FROM without c
JOIN claims o ON o.claim_id = c.claim_id
JOIN sources s ON s.data_source = coalesce(c.data_source, '') AND s.claim_type = c.claim_type
WHERE coalesce(o.frequency_code, substr(o.bill_type_code, 3, 1), '1') <> '8'
