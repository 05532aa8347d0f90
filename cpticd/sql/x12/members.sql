SELECT
    c.person_id, CAST(year(d.first_day) AS INTEGER) AS year, min(c.birth_date) AS birth_date,
    min(CASE c.sex WHEN 'F' THEN 'female' WHEN 'M' THEN 'male' WHEN 'U' THEN 'unknown' END) AS sex, min(s._source) AS _source
FROM x12_claims c
JOIN x12_claim_days d ON d.key = c.key
JOIN x12_sources s ON s.number = c.key >> 32
WHERE c.person_id IS NOT NULL AND d.first_day IS NOT NULL AND (c.birth_date IS NOT NULL OR c.sex IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM x12_given_members m WHERE m.person_id = c.person_id AND m.year = year(d.first_day))
GROUP BY 1, 2
