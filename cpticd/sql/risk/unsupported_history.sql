-- One row per person and HCC whose code is followed, in the service year, by a code that says that the condition is over.
SELECT DISTINCT c.person_id, c.hcc
FROM coded c
CROSS JOIN asked y
JOIN history_pairs h ON h.diagnosis_code = c.diagnosis_code
JOIN encounters e
    ON e.person_id = c.person_id AND e.year = y.year AND e.counted AND e.diagnosis_code = h.history_code
    AND e.claim_date >= c.claim_date
WHERE c.year = y.year
