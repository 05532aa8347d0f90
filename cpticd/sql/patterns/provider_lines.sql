-- One row per line that counts for a measure of providers: its provider, and whether it has what is measured (hit).
-- The diagnosis of a line is the primary one.
SELECT l.*, {diagnosis} l.by_{provider} AS provider, CASE WHEN {hit} THEN 1 ELSE 0 END AS hit
FROM standing_lines l
LEFT JOIN (
    SELECT p.claim_id, p.claim_line_number, p.diagnosis_code, f.diagnosis_family
    FROM pairs p
    LEFT JOIN diagnosis_families f ON f.diagnosis_code = p.diagnosis_code
    WHERE p.is_primary AND p.diagnosis_code IS NOT NULL
) d ON d.claim_id = l.claim_id AND d.claim_line_number = l.claim_line_number
{join}
WHERE {where}
