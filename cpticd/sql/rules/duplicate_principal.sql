-- One row per claim that lists its principal diagnosis once more as a secondary one.
WITH last AS (
    SELECT claim_id, max(diagnosis_position) AS place
    FROM rule_diagnoses
    WHERE diagnosis_code < 'V' OR diagnosis_code >= 'Z'
    GROUP BY claim_id
)
SELECT p.claim_id, CAST(NULL AS INTEGER) AS claim_line_number, p.diagnosis_code AS codes,
    concat(p.diagnosis_code, ' is the principal diagnosis and is listed again') AS message,
    concat('position ', CAST(min(d.diagnosis_position) AS VARCHAR)) AS evidence,
    'mce_edits' AS release, CAST(NULL AS DATE) AS effective_date
FROM rule_diagnoses p
JOIN rule_diagnoses d ON d.claim_id = p.claim_id AND d.diagnosis_code = p.diagnosis_code
    AND d.diagnosis_position > p.diagnosis_position AND d.is_reason
JOIN last l ON l.claim_id = p.claim_id
WHERE p.diagnosis_position = 1
    AND CASE WHEN p.present_on_admission_code IS NOT NULL THEN d.present_on_admission_code IS NOT NULL
             ELSE d.diagnosis_position < l.place END
GROUP BY p.claim_id, p.diagnosis_code
