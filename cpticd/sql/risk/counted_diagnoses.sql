-- One row per diagnosis of a claim of the service year that counts.
SELECT r.person_id, r.diagnosis_code
FROM ({judged}) AS r
WHERE r.reason IS NULL AND r.year = {year}
