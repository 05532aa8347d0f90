-- One row per person and pair of codes on their lines, and whether these stand, were adjudicated, and were denied.
SELECT DISTINCT l.person_id, l.hcpcs_code, t.diagnosis_code, NOT l.is_superseded AS stands,
    l.initial_outcome IN ('paid', 'partly denied', 'denied', 'nothing paid') AS adjudicated, l.initial_outcome = 'denied' AS denied
FROM standing_lines l
JOIN pointed t ON t.claim_id = l.claim_id AND t.claim_line_number = l.claim_line_number
WHERE {kept}
