-- One row per person who has diagnoses and is not among the members.
SELECT 'person ' || d.person_id AS location, 'not among the members: diagnoses not scored' AS reason,
       CAST(count(*) AS VARCHAR) || ' diagnoses' AS content
FROM diagnoses_in AS d
LEFT JOIN known AS m ON m.person_id = d.person_id
WHERE m.person_id IS NULL AND d.person_id IS NOT NULL
GROUP BY d.person_id
ORDER BY d.person_id
