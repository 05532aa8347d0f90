-- One row per line with procedure and diagnosis: numbers of its procedure and person (else of its claim), and how many
-- diagnoses it points to, 4 standing for more.
SELECT l.*, h.number AS procedure, w.number AS person, k.{pointed}
FROM standing_lines l
JOIN procedures_used h ON h.code = l.hcpcs_code
JOIN people w ON w.code = coalesce(l.person_id, l.claim_id)
JOIN (
    SELECT claim_id, claim_line_number, CAST(least(count(*), 4) AS INTEGER) AS {pointed}
    FROM pointed GROUP BY claim_id, claim_line_number
) k ON k.claim_id = l.claim_id AND k.claim_line_number = l.claim_line_number
