-- One row per line: who rendered it. Without a care team of its own, the claim's one member who performs services.
WITH listed AS (
    SELECT r, line, unnest(team) AS sequence FROM fhir_lines WHERE line IS NOT NULL
),
members AS (
    SELECT t.*, coalesce(t.npi, p.npi) AS known_npi
    FROM fhir_team t
    LEFT JOIN fhir_known_parties p ON p.id = fhir_target(t.reference)
        AND p.r IS NOT DISTINCT FROM CASE WHEN t.reference LIKE '#%' THEN t.r END
    WHERE t.role = 'rendering'
),
alone AS (
    SELECT r, min(known_npi) AS known_npi, min(taxonomy) AS taxonomy FROM members WHERE rank = 1
    GROUP BY r HAVING count(*) = 1
),
own AS (
    SELECT l.r, l.line, arg_min(m.known_npi, (m.rank, m.sequence)) AS known_npi, arg_min(m.taxonomy, (m.rank, m.sequence)) AS taxonomy
    FROM listed l JOIN members m ON m.r = l.r AND m.sequence = l.sequence
    GROUP BY l.r, l.line
)
SELECT l.r, l.line, coalesce(o.known_npi, CASE WHEN coalesce(len(l.team), 0) = 0 THEN a.known_npi END) AS npi,
    coalesce(o.taxonomy, CASE WHEN coalesce(len(l.team), 0) = 0 THEN a.taxonomy END) AS taxonomy
FROM fhir_lines l
LEFT JOIN own o ON o.r = l.r AND o.line = l.line
LEFT JOIN alone a ON a.r = l.r
WHERE l.line IS NOT NULL
