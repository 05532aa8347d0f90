-- How many entries of each source that are not rejected, and of how many the person is in members.
SELECT e.number, count(*) AS read, count(*) FILTER (WHERE y.person_id IS NOT NULL) AS loaded
FROM x12_entries e
LEFT JOIN x12_numbers n ON n.person = e.person
LEFT JOIN (SELECT DISTINCT person_id FROM x12_enrolled WHERE kind <> 'part b') y ON y.person_id = n.person_id
WHERE e.problem IS NULL
GROUP BY e.number
ORDER BY e.number
