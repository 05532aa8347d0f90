-- One row: results of the year's persons in the years that rules read, and why some of them prove nothing.
WITH read AS (
    SELECT o.code, coalesce(o.code_system, 'loinc') AS code_system, o.value,
           regexp_replace(lower(coalesce(o.unit, '')), '[^a-z0-9%/.]', '', 'g') AS unit
    FROM observations o
    JOIN gap_persons p ON p.person_id = o.person_id
    JOIN asked s ON year(o.observation_date) BETWEEN s.year - 2 AND s.year
),
codes AS (SELECT DISTINCT code_system, code FROM observed_codes),
units AS (SELECT DISTINCT code_system, code, unit FROM observed_codes)
SELECT count(*) AS results,
       count(CASE WHEN c.code IS NULL THEN 1 END) AS unknown_code,
       count(CASE WHEN c.code IS NOT NULL AND r.value IS NULL THEN 1 END) AS no_number,
       count(CASE WHEN c.code IS NOT NULL AND r.value IS NOT NULL AND r.unit <> '' AND u.code IS NULL
                       AND o.code IS NULL THEN 1 END) AS unknown_unit,
       count(CASE WHEN c.code IS NOT NULL AND r.value IS NOT NULL AND r.unit = '' AND o.code IS NULL THEN 1 END)
           AS no_unit
FROM read r
LEFT JOIN codes c ON c.code = r.code AND c.code_system = r.code_system
LEFT JOIN units u ON u.code = r.code AND u.code_system = r.code_system AND u.unit = r.unit
LEFT JOIN units o ON o.code = r.code AND o.code_system = r.code_system AND o.unit = ''
