-- One row per person, year and diagnosis code on claims that count.
SELECT e.person_id, e.year, e.diagnosis_code, count(DISTINCT e.claim_id) AS claims,
       min(e.claim_date) AS first_date, max(e.claim_date) AS last_date
FROM encounters e
JOIN gap_persons p ON p.person_id = e.person_id
WHERE e.counted
GROUP BY e.person_id, e.year, e.diagnosis_code
