-- One row per first diagnosis that is an injury or poisoning with the 7th character S.
SELECT p.claim_id, p.claim_line_number, p.diagnosis_code AS codes,
    concat(p.diagnosis_code, ' is an injury of which a sequela is treated: what that is stands before it')
        AS message,
    concat('position ', CAST(p.diagnosis_position AS VARCHAR), '; 7th character S') AS evidence,
    'diagnosis_traits' AS release, CAST(NULL AS DATE) AS effective_date
FROM rule_first p
JOIN rule_traits t ON t.diagnosis_code = p.diagnosis_code
WHERE t.episode = 'sequela' AND (p.diagnosis_code < 'V' OR p.diagnosis_code >= 'Z')
