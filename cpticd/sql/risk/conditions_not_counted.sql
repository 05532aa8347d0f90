-- One row per reason: claims and diagnoses of the service year that do not count.
SELECT reason, count(DISTINCT claim_id) AS claims, count(*) AS diagnoses
FROM encounters
WHERE NOT counted AND (year = $year OR year IS NULL)
GROUP BY reason
ORDER BY diagnoses DESC, reason
