-- One row per line that points to either of two codes that a note keeps apart; on the claim where no line does.
WITH places AS (
    SELECT DISTINCT f.claim_id, p.claim_line_number, f.one, f.two, f.stands_at, f.text, f.effective_from
    FROM rule_excluded_pairs f
    JOIN rule_placed p ON p.claim_id = f.claim_id AND p.diagnosis_code IN (f.one, f.two)
),
known AS (
    SELECT *, max(claim_line_number) OVER (PARTITION BY claim_id, one, two) AS some_line FROM places
)
SELECT claim_id, claim_line_number, concat(one, ' ', two) AS codes,
    concat(one, ' and ', two, ' exclude each other by the note at ', stands_at,
        ', unless the two conditions are unrelated') AS message,
    concat('note ', text) AS evidence,
    'icd10cm_notes FY2021 to FY2026' AS release, effective_from AS effective_date
FROM known
WHERE claim_line_number IS NOT NULL OR some_line IS NULL
