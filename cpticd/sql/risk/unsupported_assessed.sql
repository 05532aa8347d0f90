-- One row per claim of a visit that assessed health risks, and on which no other visit stands. A visit at home beside
-- the assessment is where it took place.
SELECT l.claim_id
FROM lines l
LEFT JOIN assessment_services a ON a.hcpcs_code = l.hcpcs_code
GROUP BY l.claim_id
HAVING count(a.hcpcs_code) > 0
    AND count(CASE WHEN a.hcpcs_code IS NULL AND l.hcpcs_code BETWEEN '99202' AND '99499'
                    AND l.hcpcs_code NOT BETWEEN '99341' AND '99350' THEN 1 END) = 0
