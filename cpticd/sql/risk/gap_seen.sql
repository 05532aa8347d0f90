-- One row per person who is seen in the measurement year: on how many days, on claims that count.
SELECT e.person_id, count(DISTINCT e.claim_date) AS days
FROM encounters e
JOIN asked s ON s.year = e.year
WHERE e.counted
GROUP BY e.person_id
