-- One row per place of a code whose title says unspecified, where the list offers specific codes beside it.
SELECT p.claim_id, p.claim_line_number, p.diagnosis_code AS codes,
    concat(p.diagnosis_code, ' says unspecified; the list has more specific codes under ', t.specific_parent,
        ': for a coder to review against the record') AS message,
    concat('specific codes ', CAST(t.specific_codes AS VARCHAR), '; under ', t.specific_parent) AS evidence,
    'diagnosis_traits' AS release, CAST(NULL AS DATE) AS effective_date
FROM rule_placed p
JOIN rule_traits t ON t.diagnosis_code = p.diagnosis_code
WHERE t.unspecified AND t.specific_sibling AND NOT t.alternative
