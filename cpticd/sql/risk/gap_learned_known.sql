-- One row per person who is seen in a year before: in how many, two at most.
SELECT e.person_id, least(count(DISTINCT e.year), 2) AS years
FROM encounters e JOIN asked s ON e.year <= s.base_year
WHERE e.person_id IS NOT NULL
GROUP BY e.person_id
