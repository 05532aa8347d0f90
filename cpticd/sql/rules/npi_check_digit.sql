-- One row per claim (billing provider, facility) or line (who rendered it) with a number that is no NPI.
SELECT c.claim_id, CAST(NULL AS INTEGER) AS claim_line_number, n.npi AS codes,
    'the billing provider''s number ' || n.npi || ' is no National Provider Identifier by its form or check digit' AS message,
    'billing provider ' || n.npi AS evidence, '' AS release, CAST(NULL AS DATE) AS effective_date
FROM rule_claims c
JOIN rule_provider_numbers n ON n.npi = c.billing_npi AND n.data_source = coalesce(c.data_source, '')
UNION ALL
SELECT c.claim_id, CAST(NULL AS INTEGER), n.npi,
    'the facility''s number ' || n.npi || ' is no National Provider Identifier by its form or check digit',
    'facility ' || n.npi, '', CAST(NULL AS DATE)
FROM claims c
JOIN rule_provider_numbers n ON n.npi = c.facility_npi AND n.data_source = coalesce(c.data_source, '')
WHERE c.facility_npi <> coalesce(c.billing_npi, '')
UNION ALL
SELECT l.claim_id, l.claim_line_number, n.npi,
    'the rendering provider''s number ' || n.npi || ' is no National Provider Identifier by its form or check digit',
    'rendering provider ' || n.npi, '', CAST(NULL AS DATE)
FROM lines l
JOIN claims c ON c.claim_id = l.claim_id
JOIN rule_provider_numbers n ON n.npi = l.rendering_npi AND n.data_source = coalesce(c.data_source, '')
WHERE l.rendering_npi <> coalesce(c.billing_npi, '')
