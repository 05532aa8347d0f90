-- One row per person who is seen in the measurement year: on how many days, on claims that count.
SELECT e.person_id, count(DISTINCT e.claim_date) AS days
FROM risk_gap_encounters e
JOIN risk_gap_settings s ON s.year = e.year
WHERE e.counted
GROUP BY e.person_id
