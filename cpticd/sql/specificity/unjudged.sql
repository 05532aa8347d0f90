-- How many diagnoses of claims with a line that stands no built-in title speaks of, ICD-9-CM ones among them.
SELECT count(*) AS n
FROM diagnoses d
LEFT JOIN judged_codes k ON k.diagnosis_code = d.diagnosis_code
WHERE coalesce(k.judged, FALSE) = FALSE AND d.claim_id IN (SELECT claim_id FROM standing_lines)
