-- One row per line that names the specialty of its provider.
SELECT claim_id, line_number AS claim_line_number, 'provider_specialty' AS name, specialty AS value, src AS _source
FROM cms_own_lines
WHERE sign = 1 AND specialty IS NOT NULL
