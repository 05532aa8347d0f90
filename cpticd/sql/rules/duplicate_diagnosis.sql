-- One row per claim and diagnosis that stands on it more than once; the principal one of a stay is another rule's.
SELECT c.claim_id, CAST(NULL AS INTEGER) AS claim_line_number, c.diagnosis_code AS codes,
    c.diagnosis_code || ' stands on the claim ' || c.times || ' times' AS message,
    'first in position ' || c.diagnosis_position AS evidence, '' AS release, CAST(NULL AS DATE) AS effective_date
FROM rule_coded c
JOIN rule_claims h ON h.claim_id = c.claim_id
WHERE c.times > 1 AND NOT (coalesce(h.setting, '') = 'inpatient' AND c.diagnosis_position = 1)
