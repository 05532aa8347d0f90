-- One row per person and HCC of whose codes of the service year every one breaks a rule on what stands beside it: none of
-- the codes that it needs is on a claim of the year that counts, and, where the rule names codes against it, one of these is.
WITH codes AS (
    SELECT DISTINCT c.person_id, c.hcc, c.diagnosis_code FROM coded c JOIN asked y ON c.year = y.year
),
beside AS (
    SELECT DISTINCT e.person_id, x.rule, x.role
    FROM encounters e
    JOIN asked y ON e.year = y.year
    JOIN companion_codes x ON x.diagnosis_code = e.diagnosis_code
    WHERE e.counted
),
broken AS (
    SELECT k.person_id, k.hcc, k.diagnosis_code, x.rule
    FROM codes k
    JOIN companion_codes x ON x.diagnosis_code = k.diagnosis_code AND x.role = 'code'
    LEFT JOIN beside n ON n.person_id = k.person_id AND n.rule = x.rule AND n.role = 'needed'
    LEFT JOIN beside a ON a.person_id = k.person_id AND a.rule = x.rule AND a.role = 'against'
    WHERE n.rule IS NULL AND (NOT x.is_contradicted OR a.rule IS NOT NULL)
)
SELECT k.person_id, k.hcc, min(b.rule) AS rule
FROM codes k
LEFT JOIN broken b ON b.person_id = k.person_id AND b.hcc = k.hcc AND b.diagnosis_code = k.diagnosis_code
GROUP BY k.person_id, k.hcc
HAVING count(DISTINCT k.diagnosis_code) = count(DISTINCT b.diagnosis_code)
