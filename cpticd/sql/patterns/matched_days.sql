-- One row per claim that stands and has a procedure: whether it has the service, its person, first day, and what it is
-- matched by: what the lines of the service say, else its lines.
SELECT l.claim_id, min(l.person_id) AS person_id, min(l.service_date) AS day,
    max(CASE WHEN w.value IS NULL THEN 0 ELSE 1 END) AS is_case {dimensions}
FROM standing_lines l
LEFT JOIN service_wanted w ON w.value = l.hcpcs_code
WHERE l.hcpcs_code IS NOT NULL
GROUP BY l.claim_id
