-- One row per line and code that it bears; dollars are the diagnosis's share of the line, and a procedure's whole line.
SELECT p.claim_id, p.claim_line_number, 'diagnosis' AS system, p.diagnosis_code AS code, p.share
FROM pairs p
WHERE p.diagnosis_code IS NOT NULL
UNION ALL
SELECT o.claim_id, o.claim_line_number, 'procedure' AS system, o.hcpcs_code AS code, CAST(1 AS DOUBLE) AS share
FROM standing_lines o
WHERE o.hcpcs_code IS NOT NULL
