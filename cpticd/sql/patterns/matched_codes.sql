-- One row per matched claim and diagnosis (or group) that its lines point to; pointed: a line of the service does.
SELECT m.claim_id, m.person_id, m.who, m.is_case, m.stratum, m.cases, m.others, {code} AS diagnosis,
    max(CASE WHEN w.value IS NULL THEN 0 ELSE 1 END) AS pointed
FROM matched m
JOIN pairs p ON p.claim_id = m.claim_id
{joins}
LEFT JOIN lines l ON l.claim_id = p.claim_id AND l.claim_line_number = p.claim_line_number
LEFT JOIN service_wanted w ON w.value = l.hcpcs_code
WHERE p.diagnosis_code IS NOT NULL
GROUP BY m.claim_id, m.person_id, m.who, m.is_case, m.stratum, m.cases, m.others, {code}
