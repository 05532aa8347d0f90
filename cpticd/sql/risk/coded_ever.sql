-- One row per HCC: persons with a diagnosis of it on any claim, of any year, place and age.
WITH ever AS (
    SELECT DISTINCT c.person_id, m.hcc
    FROM diagnoses d
    JOIN claims c ON c.claim_id = d.claim_id
    JOIN hcc_map m ON m.diagnosis_code = d.diagnosis_code
    WHERE c.person_id IS NOT NULL
)
SELECT hcc, count(*) AS persons FROM ever GROUP BY hcc ORDER BY hcc
