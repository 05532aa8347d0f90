-- One row per place of a diagnosis whose note {note} nothing on the claim satisfies.
SELECT p.claim_id, p.claim_line_number, p.diagnosis_code AS codes,
    concat('the note "{note}" at ', f.stands_at, ' {says}: for a coder to review against the record')
        AS message,
    concat('note ', substr(f.text, 1, 160)) AS evidence,
    'icd10cm_notes FY2021 to FY2026' AS release, f.effective_from AS effective_date
FROM rule_notes_unmet f
JOIN rule_placed p ON p.claim_id = f.claim_id AND p.diagnosis_position = f.diagnosis_position
WHERE f.note = '{note}'
