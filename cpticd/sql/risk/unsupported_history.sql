-- One row per person and HCC with a code that says that the condition is over, in the service year or the year before it:
-- whether one follows a code of the condition within the service year, or all stand before.
SELECT c.person_id, c.hcc, bool_or(e.claim_date >= c.claim_date) AS later
FROM coded c
CROSS JOIN asked y
JOIN history_pairs h ON h.diagnosis_code = c.diagnosis_code
JOIN encounters e
    ON e.person_id = c.person_id AND e.year BETWEEN y.year - 1 AND y.year AND e.counted
    AND e.diagnosis_code = h.history_code
WHERE c.year = y.year
GROUP BY c.person_id, c.hcc
