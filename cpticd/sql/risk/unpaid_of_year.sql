-- One row per reason why persons of the service year, whom the model would pay, are paid for no month: how many they are.
SELECT u.reason, count(*) AS persons
FROM unpaid u
CROSS JOIN asked y
WHERE EXISTS (SELECT 1 FROM members m WHERE m.person_id = u.person_id AND m.year = y.year
              AND (m.death_date IS NULL OR year(m.death_date) >= y.year))
  AND NOT EXISTS (SELECT 1 FROM outsiders o WHERE o.person_id = u.person_id AND o.year = y.year)
GROUP BY u.reason
ORDER BY u.reason
