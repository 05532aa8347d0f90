-- One row per person and drug category that his drugs belong to, without those that another of his removes.
WITH given AS (
    SELECT DISTINCT
        person_id,
        CASE WHEN ndc_code IS NOT NULL THEN 'ndc' ELSE 'hcpcs' END AS system,
        code
    FROM drugs_in
),
mapped AS (
    SELECT DISTINCT g.person_id, m.category
    FROM given AS g JOIN drug_map AS m ON m.system = g.system AND m.code = g.code
)
SELECT a.person_id, a.category, b.bit
FROM mapped AS a
JOIN drug_bits AS b ON b.category = a.category
WHERE NOT EXISTS (
    SELECT 1 FROM mapped AS o JOIN drug_hierarchy AS h ON h.parent = o.category
    WHERE o.person_id = a.person_id AND h.child = a.category
)
