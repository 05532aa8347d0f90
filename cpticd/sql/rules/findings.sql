-- One row per finding of a rule within its scope, its message as a sentence; rank: 0 error, 1 warning, 2 information.
SELECT DISTINCT f.claim_id, CAST(f.claim_line_number AS INTEGER) AS claim_line_number, coalesce(f.codes, '') AS codes,
    upper(substr(coalesce(f.message, ''), 1, 1)) || substr(coalesce(f.message, ''), 2)
        || CASE WHEN coalesce(f.message, '') LIKE '%.' THEN '' ELSE '.' END AS message,
    coalesce(f.evidence, '') AS evidence, coalesce(f.release, '') AS release,
    CAST(f.effective_date AS DATE) AS effective_date, {rank} AS rank
FROM ({found}) f {joins}
WHERE {conditions}
