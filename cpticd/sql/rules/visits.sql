-- One row per code on the lines that is a visit or another service face to face. CPT codes that end in a letter are none.
SELECT c.hcpcs_code, v.kind, v.patient, v.visit, v.face_to_face
FROM (SELECT DISTINCT hcpcs_code FROM rule_services) c
JOIN table_visit_codes v ON c.hcpcs_code BETWEEN v.first AND v.last
WHERE length(c.hcpcs_code) = 5 AND substr(c.hcpcs_code, 5, 1) BETWEEN '0' AND '9'
