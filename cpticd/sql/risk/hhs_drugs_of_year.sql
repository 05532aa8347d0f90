-- One row per person and drug of the benefit year: dispensed (drugs), or given, by the procedure codes of lines.
SELECT DISTINCT person_id, ndc_code, CAST(NULL AS VARCHAR) AS hcpcs_code, ndc_code AS code
FROM drugs
WHERE year(fill_date) = {year} AND ndc_code IS NOT NULL
UNION ALL
SELECT DISTINCT c.person_id, CAST(NULL AS VARCHAR), l.hcpcs_code, l.hcpcs_code
FROM lines AS l
JOIN claims AS c ON c.claim_id = l.claim_id
WHERE year(coalesce(l.claim_line_start_date, c.claim_start_date)) = {year} AND l.hcpcs_code IS NOT NULL
    AND c.person_id IS NOT NULL AND coalesce(c.frequency_code, '1') <> '8'
